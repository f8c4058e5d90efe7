package broker

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Decision is what an operator decided on an observer.
type Decision string

// The decisions.
const (
	Undecided Decision = ""
	Allow     Decision = "allow" // taken, also where only known observers are
	Deny      Decision = "deny"  // refused, also where all are taken, and over bridges
)

// Ruling is all that is decided on one observer: one line of the observers file.
//
//	KEY [allow|deny] [mute [TIME]] [# NOTE]
type Ruling struct {
	Key      string // as in ObserverKey
	Decision Decision
	Muted    bool
	Until    time.Time // the end of a mute; zero: none
	Note     string
}

// muted says whether the ruling silences the observer at now.
func (r Ruling) muted(now time.Time) bool {
	return r.Muted && (r.Until.IsZero() || now.Before(r.Until))
}

const (
	maxRulings = 10_000 // lines of an observers file
	maxNote    = 200    // bytes
	maxID      = 64     // bytes of an observer's id: a public key in hex
)

// ObserverKey is the form in which an observer's id is compared: without regard
// to case. An error says why id cannot be one.
func ObserverKey(id string) (string, error) {
	switch {
	case id == "" || len(id) > maxID:
		return "", fmt.Errorf("observer %q: use its public key, 64 hex digits", bounded(id))
	case strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' || r == '#' || r == unicode.ReplacementChar }):
		return "", fmt.Errorf("observer %q: blanks and # cannot be part of an id", bounded(id))
	}
	return strings.ToUpper(id), nil
}

// line is the ruling as it stands in the file.
func (r Ruling) line() string {
	words := []string{r.Key}
	if r.Decision != Undecided {
		words = append(words, string(r.Decision))
	}
	if r.Muted {
		words = append(words, "mute")
		if !r.Until.IsZero() {
			words = append(words, r.Until.UTC().Format(time.RFC3339))
		}
	}
	if r.Note != "" {
		words = append(words, "# "+r.Note)
	}
	return strings.Join(words, " ")
}

var errRulingLine = errors.New("not KEY, then allow or deny, then mute and a time")

func parseRuling(line string) (Ruling, error) {
	text, note, _ := strings.Cut(line, "#")
	words := strings.Fields(text)
	if len(words) < 2 {
		return Ruling{}, errRulingLine
	}
	key, err := ObserverKey(words[0])
	if err != nil {
		return Ruling{}, err
	}
	r := Ruling{Key: key, Note: cleanNote(note)}
	words = words[1:]
	if d := Decision(words[0]); d == Allow || d == Deny {
		r.Decision, words = d, words[1:]
	}
	if len(words) > 0 && words[0] == "mute" {
		r.Muted, words = true, words[1:]
		if len(words) > 0 {
			if r.Until, err = time.Parse(time.RFC3339, words[0]); err != nil {
				return Ruling{}, errRulingLine
			}
			words = words[1:]
		}
	}
	if len(words) > 0 {
		return Ruling{}, errRulingLine
	}
	return r, nil
}

// cleanNote makes one line of a note, and not a long one.
func cleanNote(note string) string {
	note = strings.Join(strings.FieldsFunc(note, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	return strings.TrimSpace(clip(note, maxNote))
}

// clip returns no more than the first most bytes of s, in whole characters.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
