package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"corescope-hub/decoder/report"
)

// maxLine is the longest line of input, in bytes: far more than a frame with a
// hundred keys takes. What is longer is skipped, never held.
const maxLine = 1 << 20

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
			return fmt.Errorf("read standard input: %w", cause(err))
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
