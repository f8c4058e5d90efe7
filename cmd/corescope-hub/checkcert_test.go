package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/config"
)

// writePair writes a key and a certificate of a name, good from one time until
// another, into one file.
func writePair(t *testing.T, path, name string, from, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until, DNSNames: []string{name}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})...)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCheckSaysHowLongCertificatesAreGood(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name        string
		from, until time.Duration // from now
		of          string        // the name in it
		state, what string
	}{
		{"good", -day, 60 * day, "hub.example", stateOK, "for hub.example, good until 2027-01-24"},
		{"ends soon", -day, 3 * day, "hub.example", stateWarning, "expires in 3d00h"},
		{"ended", -9 * day, -day, "hub.example", stateProblem, "has expired on 2026-11-24"},
		{"not yet", day, 9 * day, "hub.example", stateProblem, "is not valid before 2026-11-26"},
		{"another name", -day, 60 * day, "other.example", stateWarning, "observers connect to hub.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cfg := config.Default()
			cfg.DBPath = filepath.Join(dir, "meshcore.db")
			cfg.Hub.Broker.TLS.Domains = []string{"hub.example"}
			writePair(t, filepath.Join(dir, "acme", "hub.example"), tt.of, now.Add(tt.from), now.Add(tt.until))
			found := lastFinding(t, cfg, now)
			if found.State != tt.state || !strings.Contains(found.What, tt.what) || (found.Remedy == "") != (tt.state == stateOK) {
				t.Errorf("%+v", found)
			}

			byHand := config.Default()
			file := filepath.Join(dir, "hub.pem")
			writePair(t, file, tt.of, now.Add(tt.from), now.Add(tt.until))
			byHand.Hub.Broker.TLS.CertFile, byHand.Hub.Broker.TLS.KeyFile = file, file
			byHand.Hub.Broker.Auth.Token.Audiences = []string{"hub.example"}
			if found := lastFinding(t, byHand, now); found.State != tt.state || !strings.Contains(found.What, tt.what) {
				t.Errorf("of a file: %+v", found)
			}
		})
	}
}

func TestCheckSaysThatACertificateIsStillToBeGot(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.DBPath = filepath.Join(t.TempDir(), "meshcore.db")
	cfg.Hub.Broker.TLS.Domains = []string{"hub.example"}
	if found := lastFinding(t, cfg, time.Now()); found.State != stateWarning || !strings.Contains(found.What, "none for hub.example yet") || !strings.Contains(found.Remedy, "port 443") {
		t.Errorf("%+v", found)
	}
}

// lastFinding is what a look at the certificates ends with.
func lastFinding(t *testing.T, cfg *config.Config, now time.Time) finding {
	t.Helper()
	look := &checkup{cfg: cfg}
	look.certificates(now)
	if len(look.findings) == 0 {
		t.Fatal("nothing was found")
	}
	return look.findings[len(look.findings)-1]
}
