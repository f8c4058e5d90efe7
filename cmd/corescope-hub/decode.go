package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"corescope-hub/decoder"
	"corescope-hub/decoder/report"
)

// maxLine is the longest line of input, in bytes: far more than a frame with a
// hundred keys takes. What is longer is skipped, never held.
const maxLine = 1 << 20

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
		fmt.Fprintln(env.stderr, "Paste frames as hex digits, one a line; Ctrl-D ends. corescope-hub decode --help says more.")
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

// frameDecoder answers frames one by one, each at once.
type frameDecoder struct {
	env       environment
	keys      *report.Reporter
	breakdown bool
	bad       int // lines that were no frame in either form
}

func (d *frameDecoder) arguments(frames []string) error {
	for _, hex := range frames {
		if err := d.answer(d.keys, hex); err != nil {
			return err
		}
	}
	return nil
}

// lines reads to the end of in. It is as fast as its reader: nothing is kept
// back, so that a program may ask and wait for the answer.
func (d *frameDecoder) lines(in io.Reader) error {
	r := bufio.NewReaderSize(in, maxLine+1) // a line and its newline
	for n := 1; ; n++ {
		line, err := readLine(r)
		if err != nil && err != io.EOF && !errors.Is(err, errLineTooLong) {
			return fmt.Errorf("read standard input: %w", err)
		}
		if werr := d.line(n, bytes.TrimSpace(line), err); werr != nil {
			return werr
		}
		if err == io.EOF {
			break
		}
	}
	if d.bad > 0 {
		return fmt.Errorf("%d of the lines could not be understood: see above", d.bad)
	}
	return nil
}

var errLineTooLong = fmt.Errorf("longer than %d bytes", maxLine)

// readLine returns the next line, valid until the next call. Of one that is too
// long it skips the rest and returns nothing but errLineTooLong.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	return nil, errLineTooLong
}

// line answers line n of the input; err is what reading it gave. It returns an
// error only when the answer cannot be written.
func (d *frameDecoder) line(n int, line []byte, err error) error {
	hex, keys := string(line), d.keys
	switch {
	case errors.Is(err, errLineTooLong):
		return d.badLine(n, err, "send one frame a line")
	case len(line) == 0:
		return nil
	case line[0] == '{':
		if hex, keys, err = d.object(line); err != nil {
			return d.badLine(n, err, `send hex digits, or {"hex":"...","keys":{...}}`)
		}
	}
	return d.answer(keys, hex)
}

// object reads a line that is a JSON object. Other members than hex and keys are
// left alone: test vectors carry what they expect.
func (d *frameDecoder) object(line []byte) (hex string, keys *report.Reporter, err error) {
	var o struct {
		Hex  *string         `json:"hex"`
		Keys json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(line, &o); err != nil {
		return "", nil, plainJSON(err)
	}
	if o.Hex == nil {
		return "", nil, errors.New(`there is no "hex"`)
	}
	if len(o.Keys) == 0 || string(o.Keys) == "null" {
		return *o.Hex, d.keys, nil
	}
	if keys, err = newReporter(o.Keys); err != nil {
		return "", nil, fmt.Errorf("keys: %w", err)
	}
	return *o.Hex, keys, nil
}

// badLine answers a line that is no frame, so that answers and lines stay in
// step, and says why on standard error.
func (d *frameDecoder) badLine(n int, err error, remedy string) error {
	d.bad++
	fmt.Fprintf(d.env.stderr, "corescope-hub: line %d: %v: %s\n", n, err, remedy)
	if d.breakdown {
		return nil
	}
	return d.print(report.Object{{Name: "error", Value: true}, {Name: "reason", Value: "bad_line"}})
}

func (d *frameDecoder) answer(keys *report.Reporter, hex string) error {
	if !d.breakdown {
		return d.print(keys.Hex(hex))
	}
	_, err := io.WriteString(d.env.stdout, breakdownText(keys.BreakdownHex(hex)))
	return err
}

func (d *frameDecoder) print(o report.Object) error {
	text, err := o.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = d.env.stdout.Write(append(printable(text), '\n'))
	return err
}
