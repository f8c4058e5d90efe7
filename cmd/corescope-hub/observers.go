package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"corescope-hub/broker"
	"corescope-hub/cmd/corescope-hub/internal/config"
)

type observersCmd struct {
	List   observersListCmd   `cmd:"" help:"List what is decided, and who was seen."`
	Allow  observersAllowCmd  `cmd:"" help:"Take an observer's messages, also where only known observers are taken; end its mute."`
	Deny   observersDenyCmd   `cmd:"" help:"Refuse an observer's messages, over bridges, too."`
	Mute   observersMuteCmd   `cmd:"" help:"Acknowledge an observer's messages for a while and throw them away."`
	Forget observersForgetCmd `cmd:"" help:"Take back what is decided on an observer."`
}

// Help is the long form of what the command does.
func (observersCmd) Help() string {
	return `What is decided is in the observers file (hub.broker.observersFile), which a running hub reads again at once. hub.broker.observers says whether those on whom nothing is decided are taken.`
}

// observerArg is shared by the commands that decide on one observer.
type observerArg struct {
	configFlag
	Key  string `arg:"" placeholder:"KEY" help:"The observer's public key, or the id in its topics."`
	Note string `placeholder:"TEXT" help:"Why, for whoever reads the list."`
}

// decide changes the ruling on the observer, in the file of the settings.
func (a *observerArg) decide(env environment, change func(*broker.Ruling)) error {
	cfg, err := config.Load(a.Config, env.vars)
	if err != nil {
		return err
	}
	file := cfg.ObserversFile()
	if strings.ContainsAny(a.Key, "/+#") {
		return fmt.Errorf("observer %q: no level of a topic: use its public key, 64 hex digits", a.Key)
	}
	err = broker.NewRoll(file).Change(a.Key, func(r *broker.Ruling) {
		if a.Note != "" {
			r.Note = a.Note
		}
		change(r)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("observers file %s: there is no directory %s: do this where the hub was started, or name its settings with --config", file, filepath.Dir(file))
	}
	if err == nil && startsKey(a.Key) {
		fmt.Fprintf(env.stderr, "corescope-hub: observer %q: not a public key of 64 hex digits: only who has just that in its topics is meant\n", a.Key)
	}
	return err
}

// startsKey says whether key looks like the beginning of a public key, as lists
// and pages show it.
func startsKey(key string) bool {
	return len(key) < 64 && strings.Trim(key, "0123456789abcdefABCDEF") == ""
}

type observersAllowCmd struct{ observerArg }

// Run allows an observer.
func (c *observersAllowCmd) Run(env environment) error {
	return c.decide(env, func(r *broker.Ruling) { r.Decision, r.Muted = broker.Allow, false })
}

type observersDenyCmd struct{ observerArg }

// Run denies an observer.
func (c *observersDenyCmd) Run(env environment) error {
	return c.decide(env, func(r *broker.Ruling) { r.Decision = broker.Deny })
}

type observersMuteCmd struct {
	observerArg
	For time.Duration `default:"24h" help:"How long; 0 until it is allowed again."`
}

// Run mutes an observer.
func (c *observersMuteCmd) Run(env environment) error {
	if c.For < 0 {
		return fmt.Errorf("mute for %s: write a time such as 24h", c.For)
	}
	return c.decide(env, func(r *broker.Ruling) {
		r.Muted, r.Until = true, time.Time{}
		if c.For > 0 {
			r.Until = time.Now().Add(c.For)
		}
	})
}

type observersForgetCmd struct{ observerArg }

// Run takes back every decision on an observer.
func (c *observersForgetCmd) Run(env environment) error {
	decided := false
	err := c.decide(env, func(r *broker.Ruling) {
		decided = r.Decision != broker.Undecided || r.Muted
		*r = broker.Ruling{}
	})
	if err == nil && !decided {
		return fmt.Errorf("observer %q: nothing is decided on it: corescope-hub observers list shows on whom something is", c.Key)
	}
	return err
}

type observersListCmd struct{ configFlag }

// Run lists the observers: those on whom something is decided, then those that
// were only seen, the latest first.
func (c *observersListCmd) Run(env environment) error {
	cfg, err := config.Load(c.Config, env.vars)
	if err != nil {
		return err
	}
	rulings, err := broker.NewRoll(cfg.ObserversFile()).Rulings()
	if err != nil {
		return err
	}
	seen, err := broker.ReadSeen(broker.SeenFile(cfg.ObserversFile()))
	if err != nil {
		return err
	}
	bySeen := make(map[string]broker.Seen, len(seen))
	for _, s := range seen {
		bySeen[s.Key] = s
	}
	for _, key := range slices.Sorted(maps.Keys(rulings)) {
		fmt.Fprintln(env.stdout, describeObserver(key, rulings[key], bySeen[key]))
	}
	for _, s := range seen {
		if _, decided := rulings[s.Key]; !decided {
			fmt.Fprintln(env.stdout, describeObserver(s.Key, broker.Ruling{}, s))
		}
	}
	if len(rulings)+len(seen) == 0 {
		fmt.Fprintln(env.stderr, "corescope-hub: no observer is decided on, and none is noted as seen; a running hub notes new ones within minutes")
	}
	return nil
}

// describeObserver is one line of the list. What an observer said of itself is
// quoted: it may be anything.
func describeObserver(key string, r broker.Ruling, s broker.Seen) string {
	now := time.Now()
	words := []string{fmt.Sprintf("%-64s", printableASCII(key))}
	switch {
	case r.Decision == broker.Undecided && !r.Muted:
		words = append(words, "undecided")
	case r.Decision != broker.Undecided:
		words = append(words, string(r.Decision))
	}
	if r.Muted && (r.Until.IsZero() || now.Before(r.Until)) {
		words = append(words, "muted"+until(r.Until))
	} else if now.Before(s.Muted) {
		words = append(words, "muted by the hub"+until(s.Muted))
	}
	if s.Name != "" {
		words = append(words, fmt.Sprintf("%q", s.Name))
	}
	if s.Region != "" {
		words = append(words, printableASCII(s.Region))
	}
	if s.Key != "" {
		words = append(words, fmt.Sprintf("%d messages", s.Messages))
	}
	if !s.Last.IsZero() {
		words = append(words, "last "+s.Last.UTC().Format(time.DateTime))
	}
	if s.Address != "" {
		words = append(words, "from "+printableASCII(s.Address))
	}
	if s.Refused != "" {
		words = append(words, "refused: "+printableASCII(string(s.Refused)))
	}
	if r.Note != "" {
		words = append(words, "# "+r.Note)
	}
	return strings.Join(words, "  ")
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + t.UTC().Format(time.DateTime)
}

// printableASCII replaces what a terminal could obey.
func printableASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
