package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// start runs a console on a free port until the test ends and returns its URL.
// What a test does not give is that of a hub with an empty database.
func start(t *testing.T, opts Options) string {
	t.Helper()
	fillIn(t, &opts)
	opts.Listen, opts.Log = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	c, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return "http://" + c.Addr().String()
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestReadyzSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	var missing atomic.Pointer[[]string]
	missing.Store(&[]string{"MQTT listeners: not bound yet", "database: disk full"})
	url := start(t, Options{NotYet: func() []string { return *missing.Load() }})

	if status, body := get(t, url+"/readyz"); status != 503 || body != "not ready\nMQTT listeners: not bound yet\ndatabase: disk full\n" {
		t.Errorf("not ready: %d %q", status, body)
	}
	if status, body := get(t, url+"/api/v1/stats"); status != 200 || !strings.Contains(body, `"notReady":["MQTT listeners: not bound yet","database: disk full"]`) {
		t.Errorf("the counters do not say why the hub is not ready: %d %q", status, body)
	}
	if status, body := get(t, url+"/healthz"); status != 200 || body != "alive\n" {
		t.Errorf("healthz does not depend on readiness: %d %q", status, body)
	}
	missing.Store(&[]string{})
	if status, body := get(t, url+"/readyz"); status != 200 || body != "ready\n" {
		t.Errorf("ready: %d %q", status, body)
	}
}

func TestMetricsAreServed(t *testing.T) {
	t.Parallel()
	url := start(t, Options{Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "x 1\n")
	})})
	if status, body := get(t, url+"/metrics"); status != 200 || body != "x 1\n" {
		t.Errorf("got %d %q", status, body)
	}
}

func TestUnknownPathsAndProfilesAreNotFound(t *testing.T) {
	t.Parallel()
	url := start(t, Options{})
	for _, path := range []string{"/nothing", "/debug/pprof/", "/debug/vars", "/<script>"} {
		if status, body := get(t, url+path); status != 404 || !strings.Contains(body, "<h1>Not found</h1>") || strings.Contains(body, "at /<script>") {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
}

func TestHugeHeaderIsRefused(t *testing.T) {
	t.Parallel()
	url := start(t, Options{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", 64<<10))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %s", resp.Status)
	}
}

func TestTakenAddressIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = Open(t.Context(), Options{Listen: l.Addr().String(), Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v", err)
	}
}

func TestLongBodyIsNotRead(t *testing.T) {
	t.Parallel()
	url := start(t, Options{})
	for _, path := range []string{"/api/v1/packets", "/api/events", "/nodes"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		// A file of a form: the library would take all of it, and keep it on the disk.
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"+
			"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n%s", path, strings.Repeat("x", 2*maxBody))
		_ = conn.SetReadDeadline(time.Now().Add(readTimeout / 2)) // the rest of the body never comes
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: no answer before the body is whole: %v", path, err)
			continue
		}
		resp.Body.Close()
	}
}
