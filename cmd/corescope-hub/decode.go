package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"corescope-hub/decoder"
	"corescope-hub/decoder/report"
)

type decodeCmd struct {
	Keys string   `placeholder:"FILE" help:"Keys to open frames with: one JSON object, as the keys of a line."`
	JSON *bool    `name:"json" negatable:"" help:"Print JSON, or with --no-json a breakdown, wherever the output goes."`
	Hex  []string `arg:"" optional:"" help:"Frames as hex digits. Without any, lines of standard input are read."`
}

// Help is the long form of what the command does.
func (decodeCmd) Help() string {
	return fmt.Sprintf(`Each frame gives one line: a JSON object with all that is known of it, or {"error":true,"reason":"..."} for a frame that the firmware's receiver drops. On a terminal it gives a breakdown instead: each field with its offset, its bytes and what they mean.

A line of standard input is the hex digits of one frame, or {"hex":"...","keys":{...}}; keys on a line take the place of those of --keys. Blank lines are skipped.

Keys are one JSON object, of which everything may be left out:

    %s

Hashtags are channels whose secret is made from their name. Identities are nodes whose private key you have, in the expanded form that the firmware exports; contacts are those that they talk to. Regions are tried on transport codes. The last three say what the packet does not: what responses answer, one of %v, how much of each key a list of neighbours shows, and what receives anonymous requests (room, repeater or sensor).

A dropped frame is an answer, not a failure: the exit code stays 0. It is 1 when the keys cannot be used or the input cannot be read, and in the end when a line was neither form. Such a line is explained on standard error and gives {"error":true,"reason":"bad_line"}; the others are decoded.`,
		strings.ReplaceAll(exampleKeys, "\n", "\n    "), decoder.ResponseKinds())
}

const exampleKeys = `{
  "channels": [{"name": "ops", "secret": "32 or 64 hex digits"}],
  "hashtags": ["#test"],
  "regions": ["#europe"],
  "identities": [{"prv": "128 hex digits"}],
  "contacts": ["64 hex digits"],
  "response_kind": "telemetry",
  "neighbours_prefix_len": 4,
  "dest_role": "room"
}`

// Run decodes the arguments, or else what comes on standard input.
func (c *decodeCmd) Run(env environment) error {
	keys, err := c.reporter()
	if err != nil {
		return err
	}
	d := &frameDecoder{env: env, keys: keys, breakdown: isTerminal(env.stdout)}
	if c.JSON != nil {
		d.breakdown = !*c.JSON
	}
	if len(c.Hex) > 0 {
		return d.arguments(c.Hex)
	}
	if isTerminal(env.stdin) {
		fmt.Fprintln(env.stderr, "Paste frames as hex digits, one a line. Ctrl-D ends; --help says more.")
	}
	return d.lines(env.stdin)
}

// reporter reads the keys file, if there is one.
func (c *decodeCmd) reporter() (*report.Reporter, error) {
	if c.Keys == "" {
		return report.New(report.Keys{})
	}
	text, err := os.ReadFile(c.Keys)
	if err != nil {
		return nil, fmt.Errorf("keys file %q: %w: check the path", c.Keys, cause(err))
	}
	r, err := newReporter(text)
	if err != nil {
		return nil, fmt.Errorf("keys file %q: %w: corescope-hub decode --help shows what it may hold", c.Keys, err)
	}
	return r, nil
}

func newReporter(keys []byte) (*report.Reporter, error) {
	k, err := report.ParseKeys(keys)
	if err != nil {
		return nil, plainJSON(err)
	}
	return report.New(k)
}

// plainJSON is an error of reading JSON in words that know nothing of Go.
func plainJSON(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON at byte %d: %w", syntax.Offset, syntax)
	case errors.As(err, &kind):
		return fmt.Errorf("%s at byte %d cannot be a JSON %s", cmp.Or(kind.Field, "this"), kind.Offset, kind.Value)
	}
	if _, name, ok := strings.Cut(err.Error(), "json: unknown field "); ok { // has no type of its own
		return fmt.Errorf("unknown member %s", name)
	}
	return err
}

// cause is err without the operation and the path, which the message names.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
