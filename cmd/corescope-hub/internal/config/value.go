package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// redacted stands for a secret wherever one could be printed.
const redacted = "[redacted]"

// Secret is text that cannot print itself.
type Secret string

// Reveal is the secret as plain text.
func (s Secret) Reveal() string { return string(s) }

// Format prints the same for every verb, so that no debug print can leak it.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue hides the secret from structured logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Duration is a Go duration such as 250ms.
type Duration time.Duration

// UnmarshalText parses a Go duration.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// MarshalText writes a Go duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Anonymous says which clients need no login: "lan", "true" or "false".
type Anonymous string

// UnmarshalJSON takes the text, or a JSON true or false.
func (a *Anonymous) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if string(b) == "true" || string(b) == "false" {
		return a.UnmarshalText(b)
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	return a.UnmarshalText([]byte(s))
}

// UnmarshalText takes "lan", "true" or "false".
func (a *Anonymous) UnmarshalText(b []byte) error {
	switch v := Anonymous(b); v {
	case "lan", "true", "false":
		*a = v
		return nil
	}
	return fmt.Errorf("%q is none of lan, true, false", b)
}

// ConsoleAuth says what the pages need: "none", "viewer" or "admin".
type ConsoleAuth string

// UnmarshalText takes "none", "viewer" or "admin".
func (a *ConsoleAuth) UnmarshalText(b []byte) error {
	switch v := ConsoleAuth(b); v {
	case "none", "viewer", "admin":
		*a = v
		return nil
	}
	return fmt.Errorf("%q is none of none, viewer, admin", b)
}

// Observers says which observers are taken: "open" takes all, "known" those that
// are allowed.
type Observers string

// UnmarshalText takes "open" or "known".
func (o *Observers) UnmarshalText(b []byte) error {
	switch v := Observers(b); v {
	case "open", "known":
		*o = v
		return nil
	}
	return fmt.Errorf("%q is neither open nor known", b)
}

// LogLevel is how much is logged.
type LogLevel slog.Level

// UnmarshalText takes debug, info, warn or error.
func (l *LogLevel) UnmarshalText(b []byte) error {
	switch string(b) {
	case "debug", "info", "warn", "error":
		return (*slog.Level)(l).UnmarshalText(b)
	}
	return fmt.Errorf("%q is not a log level", b)
}

// MarshalText writes the level as it is set.
func (l LogLevel) MarshalText() ([]byte, error) {
	return []byte(strings.ToLower(slog.Level(l).String())), nil
}
