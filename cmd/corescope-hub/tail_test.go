package main

import (
	"context"
	"strings"
	"testing"
)

// tailOf runs tail against a hub, to the last packet that is there.
func tailOf(t *testing.T, h *hubProcess, flags ...string) (out, errs string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var o, e strings.Builder
	env := environment{vars: []string{"CORESCOPE_HUB_CONSOLE_LISTEN=" + strings.TrimPrefix(h.console, "http://")}, stdout: &o, stderr: &e}
	code = run(ctx, env, append([]string{"tail", "--no-follow"}, flags...))
	return o.String(), e.String(), code
}

func TestTailSaysWhyThereIsNothingToShow(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	for _, c := range []struct {
		flags []string
		want  string
		code  int
	}{
		{nil, "no packet has been stored yet\n", exitOK},
		{[]string{"--json"}, "", exitOK},
		{[]string{"--type=BEACON"}, `type="BEACON": use payload types of the firmware, such as ADVERT,GRP_TXT`, exitFailed},
	} {
		if out, errs, code := tailOf(t, h, c.flags...); out != "" || !strings.Contains(errs, c.want) || c.want == "" && errs != "" || code != c.code {
			t.Errorf("%v: exit code %d: %s%s", c.flags, code, out, errs)
		}
	}
	if _, errs, code := simulateInto(t, h.mqtt, "--rate=600", "--count=20"); code != exitOK {
		t.Fatal(errs)
	}
	if out, errs, code := tailOf(t, h, "--region=PDX"); out != "" || !strings.Contains(errs, "no stored packet passes the filters") || code != exitOK {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
}

func TestTailTellsOfEachReceptionOnce(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	if _, errs, code := simulateInto(t, h.mqtt, "--rate=600", "--count=60"); code != exitOK {
		t.Fatal(errs)
	}
	heard := count(t, h.open(), "SELECT count(*) FROM observations")
	out, errs, code := tailOf(t, h, "--receptions", "-n", "20000")
	if told := strings.Count(out, "\n          "); told != heard || heard == 0 || code != exitOK {
		t.Errorf("%d receptions are stored, and %d told of: exit code %d: %s%s", heard, told, code, out, errs)
	}
}
