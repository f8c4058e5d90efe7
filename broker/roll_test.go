package broker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	keyA = strings.Repeat("A", 64)
	keyB = strings.Repeat("B", 64)
)

func TestRollKeepsWhatIsDecided(t *testing.T) {
	t.Parallel()
	roll := NewRoll(filepath.Join(t.TempDir(), "observers"))
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	for _, r := range []Ruling{
		{Key: keyA, Decision: Allow, Note: "Hill"},
		{Key: keyB, Decision: Deny, Muted: true, Until: until},
		{Key: "DEVICE", Muted: true},
	} {
		if err := roll.Change(strings.ToLower(r.Key), func(now *Ruling) { *now = r }); err != nil {
			t.Fatal(err)
		}
		got, err := roll.Rulings()
		if err != nil || got[r.Key] != r {
			t.Errorf("got %+v (%v), want %+v", got[r.Key], err, r)
		}
	}
	for _, key := range []string{keyA, keyB, "DEVICE"} {
		if err := roll.Change(key, func(r *Ruling) { *r = Ruling{} }); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := roll.Rulings(); len(got) != 0 || err != nil {
		t.Errorf("after all was taken back: %v, %v", got, err)
	}
}

func TestRollForgetsMutesThatAreOver(t *testing.T) {
	t.Parallel()
	roll := NewRoll(filepath.Join(t.TempDir(), "observers"))
	old := rollHead + keyA + " mute 2020-01-01T00:00:00Z\n" + keyB + " allow mute 2020-01-01T00:00:00Z\n"
	if err := os.WriteFile(roll.path, []byte(old), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := roll.Change("DEVICE", func(r *Ruling) { r.Decision = Deny }); err != nil {
		t.Fatal(err)
	}
	got, err := roll.Rulings()
	if err != nil || len(got) != 2 || got[keyB] != (Ruling{Key: keyB, Decision: Allow}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if info, err := os.Stat(roll.path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode did not stay: %v, %v", info.Mode(), err)
	}
}

func TestRollIsChangedByOneAtATime(t *testing.T) {
	t.Parallel()
	roll := NewRoll(filepath.Join(t.TempDir(), "observers"))
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if err := roll.Change(fmt.Sprintf("ID%d", i), func(r *Ruling) { r.Decision = Allow }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, err := roll.Rulings(); len(got) != 40 || err != nil {
		t.Errorf("%d of 40 decisions are there (%v)", len(got), err)
	}
}

func TestRollSaysWhichLineIsWrong(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		keyA:                       "line 2",
		keyA + " maybe":            "line 2",
		keyA + " mute tomorrow":    "line 2",
		keyA + " allow deny":       "line 2",
		strings.Repeat("x", 65):    "line 2",
		"a\x1bb allow":             "cannot be part of an id",
		strings.Repeat("x", 70000): "token too long",
	} {
		_, err := parseRoll(strings.NewReader("# head\n" + line + "\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q in it", line, err, want)
		}
	}
}

func TestNotesAreOneShortLine(t *testing.T) {
	t.Parallel()
	roll := NewRoll(filepath.Join(t.TempDir(), "observers"))
	err := roll.Change(keyA, func(r *Ruling) {
		r.Decision, r.Note = Allow, "two\nlines # and "+strings.Repeat("ü", 300)
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := roll.Rulings()
	if note := got[keyA].Note; err != nil || !strings.HasPrefix(note, "two lines # and ü") || len(note) > maxNote {
		t.Errorf("got %q, %v", note, err)
	}
}
