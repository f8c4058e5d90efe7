package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"corescope-hub/cmd/corescope-hub/internal/console"
)

// packetOf is a packet that a hub tells of.
func packetOf(id int64, text string) console.Packet {
	return console.Packet{ID: id, Hash: fmt.Sprintf("%016x", id), Type: "GRP_TXT", Text: text, From: &console.Party{Name: text},
		Observations: []console.PacketObservation{{ID: 10 * id, Observer: "AA", Name: text, Path: []console.Hop{}}}}
}

// buffer is a writer that rings when something comes.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
	came chan struct{}
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.came <- struct{}{}:
	default:
	}
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestTailGoesOnWhereItWasWhenTheHubComesBack(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string // where each stream was to begin
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/packets", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(console.PacketList{Packets: []console.Packet{packetOf(1, "first")}})
	})
	mux.HandleFunc("/api/events", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.FormValue("after"))
		n := len(asked)
		mu.Unlock()
		send := func(id int64, packets ...console.Packet) {
			data, _ := json.Marshal(tailEvent{Packets: packets})
			fmt.Fprintf(w, "id: %d\nevent: packets\ndata: %s\n\n", id, data)
			w.(http.Flusher).Flush()
		}
		if n == 1 {
			send(20, packetOf(2, "second"))
			panic(http.ErrAbortHandler) // the hub is killed
		}
		send(30, packetOf(2, "second"), packetOf(3, "third"))
		<-r.Context().Done()
	})
	hub := httptest.NewServer(mux)
	defer hub.Close()

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, errs := &buffer{came: make(chan struct{}, 1)}, &buffer{came: make(chan struct{}, 1)}
	env := environment{vars: []string{"CORESCOPE_HUB_CONSOLE_LISTEN=" + strings.TrimPrefix(hub.URL, "http://")}, stdout: out, stderr: errs}
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, env, []string{"tail"}) }()
	for !strings.Contains(out.String(), "third") {
		select {
		case <-out.came:
		case code := <-ended:
			t.Fatalf("tail ended with %d: %s", code, errs)
		}
	}
	cancel()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d", code)
	}
	for _, word := range []string{"first", "second", "third"} {
		if n := strings.Count(out.String(), " "+word+"\n"); n != 1 {
			t.Errorf("%q is shown %d times:\n%s", word, n, out)
		}
	}
	if said := errs.String(); !strings.Contains(said, "waiting for the hub") || !strings.Contains(said, "is there again") {
		t.Errorf("it says %q", said)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 2 || asked[0] != "10" || asked[1] != "20" {
		t.Errorf("the streams began after %v", asked)
	}
}

func TestTailPrintsNothingThatATerminalObeys(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b]0;owned\x07\u202eabc\u009b31m\r\n\u2028<\U000e0041\ufeff"
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(console.PacketList{Packets: []console.Packet{packetOf(1, hostile)}})
	}))
	defer hub.Close()
	env := environment{vars: []string{"CORESCOPE_HUB_CONSOLE_LISTEN=" + strings.TrimPrefix(hub.URL, "http://")}}
	for _, flags := range [][]string{{"--json"}, {"--receptions"}, {}} {
		var out, errs strings.Builder
		env.stdout, env.stderr = &out, &errs
		if code := run(t.Context(), env, append([]string{"tail", "--no-follow"}, flags...)); code != exitOK {
			t.Fatalf("exit code %d: %s", code, &errs)
		}
		for _, r := range strings.ReplaceAll(out.String(), "\n", "") {
			if strings.ContainsRune(hostile, r) && r > '~' || r < ' ' || r == 0x7f {
				t.Errorf("%v: %U is printed: %q", flags, r, &out)
			}
		}
		if len(flags) == 0 || flags[0] != "--json" {
			continue
		}
		var p console.Packet
		if err := json.Unmarshal([]byte(out.String()), &p); err != nil || p.Text != hostile {
			t.Errorf("as JSON it reads %q: %v", p.Text, err)
		}
	}
}
