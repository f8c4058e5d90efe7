package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/console"
)

// thirdReport ends a watch with its third report.
type thirdReport struct {
	text strings.Builder
	end  func()
}

// Write implements io.Writer.
func (w *thirdReport) Write(p []byte) (int, error) {
	w.text.Write(p)
	if strings.Count(w.text.String(), "SOURCE") == 3 {
		w.end()
	}
	return len(p), nil
}

func TestStatusIsPrintedAgainAndAgainWhileWatched(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out := &thirdReport{end: cancel}
	var errOut strings.Builder
	env := environment{vars: []string{"CORESCOPE_HUB_CONSOLE_LISTEN=" + strings.TrimPrefix(h.console, "http://")}, stdout: out, stderr: &errOut}
	if code := run(ctx, env, []string{"status", "--watch", "--every=100ms"}); code != exitOK || strings.Count(out.text.String(), "SOURCE") != 3 {
		t.Errorf("exit code %d: %s%s", code, out.text.String(), &errOut)
	}
}

func TestStatusSaysHowABridgeIsAndWhyItWasDown(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	last := now.Add(-3 * time.Minute)
	text := statusText(hubStatus{
		Stats: console.Stats{Version: "1", Started: now.Add(-50 * time.Hour), Now: now, NotReady: []string{"database: disk full"}},
		Sources: console.Sources{Now: now, Sources: []console.Source{
			{Name: "tcp://:1883", Kind: console.KindListener, Fates: console.Fates{Received: 3, Stored: 2}},
			{Name: "mesh", Kind: console.KindBridge, Address: "mqtts://mesh.example:8883", Fates: console.Fates{Received: 9, Stored: 8}, Bridge: &console.Bridge{
				State: "down", Since: now.Add(-90 * time.Second), Connects: 3, Disconnects: 3, LastError: "refused", LastMessage: &last, Waiting: 4,
				Ended: []console.Ending{{At: now.Add(-90 * time.Second), LastedSeconds: 3600, Cause: "cut off"}},
			}},
		}},
	})
	for _, want := range []string{
		"corescope-hub 1, up 2d02h, NOT READY: database: disk full\n",
		"tcp://:1883  listening                                 3         2                \n",
		"mesh         down       1m30s  3m00s ago     0         9         8       4        2\n",
		"\nmesh (mqtts://mesh.example:8883) is down: refused\n",
		"\nmesh lost its connection 3 times, last:\n  1m30s ago, after 1h00m: cut off\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}
