package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/acme"
)

// TLSFailure is why a TLS handshake failed, as far as an operator can do
// something about it.
type TLSFailure string

// The reasons.
const (
	TLSNoCertificate TLSFailure = "no_certificate" // we have none for the name that was asked for
	TLSRefused       TLSFailure = "refused"        // the client does not accept our certificate
	TLSVersion       TLSFailure = "version"        // the client knows nothing newer than TLS 1.1
	TLSCipher        TLSFailure = "cipher"         // no common cipher suite, group or application protocol
	TLSNotTLS        TLSFailure = "not_tls"        // the client speaks something else, as plain MQTT
	TLSTimeout       TLSFailure = "timeout"        // the client did not finish in time
	TLSClosed        TLSFailure = "closed"         // the client left in the middle
	TLSOther         TLSFailure = "other"
)

// TLSFailures are all there are.
var TLSFailures = [...]TLSFailure{TLSNoCertificate, TLSRefused, TLSVersion, TLSCipher, TLSNotTLS, TLSTimeout, TLSClosed, TLSOther}

// maxHandshake is how many bytes a client may need for its handshake. The longest
// of today, with a hybrid key and a session ticket, needs less than half of it;
// the library would hold 64 KiB for everyone who announces as much.
const maxHandshake = 8 << 10

var errLongHandshake = errors.New("the client's part of the handshake is longer than 8 KiB")

// handshake makes a TLS connection of s.
func (l *listener) handshake(s *socket, until time.Time) (net.Conn, error) {
	ctx, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	s.bounded, s.left = true, maxHandshake
	defer func() { s.bounded = false }()
	c := tls.Server(s, l.b.tls)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	if c.ConnectionState().NegotiatedProtocol == acme.ALPNProto {
		return nil, errChallenge
	}
	return c, nil
}

// errChallenge ends a connection that came to see whether the domain is ours.
var errChallenge = errors.New("a certificate authority looked for its challenge")

// tlsFailure sorts the error of a handshake. The standard library has types for
// few of them.
func tlsFailure(err error) TLSFailure {
	var record tls.RecordHeaderError
	var op *net.OpError
	text := err.Error()
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.Is(err, errNoCertificate):
		return TLSNoCertificate
	case errors.As(err, &record):
		return TLSNotTLS
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return TLSTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return TLSClosed
	case errors.As(err, &op) && op.Op == "remote error" && has("certificate", "certification", "unknown"):
		return TLSRefused
	case has("protocol version", "unsupported versions"):
		return TLSVersion
	case has("no cipher suite", "application protocols", "handshake failure", "no mutually", "no supported"):
		return TLSCipher
	}
	return TLSOther
}

// notSecured counts and tells of a handshake that failed. Of those that port
// scanners cause, only the count.
func (b *Broker) notSecured(c *conn, err error) {
	if errors.Is(err, errChallenge) || b.stopping() {
		return
	}
	why := tlsFailure(err)
	b.stats.tlsFailed(why)
	switch why {
	case TLSNotTLS, TLSTimeout, TLSClosed:
		b.log.Debug("TLS handshake failed", "listener", c.listener, "remote", c.remote, "reason", string(why))
	default:
		b.handshakes.warn(b.log, "TLS handshake failed", "listener", c.listener, "remote", c.remote, "reason", string(why), "err", bounded(err.Error()))
	}
}
