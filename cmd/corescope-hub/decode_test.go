package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"corescope-hub/decoder"
	"corescope-hub/decoder/decodertest"
	"corescope-hub/decoder/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// decodeLines runs the command over lines of standard input.
func decodeLines(t *testing.T, in string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs strings.Builder
	env := environment{stdin: strings.NewReader(in), stdout: &out, stderr: &errs}
	code = run(t.Context(), env, append([]string{"decode"}, args...))
	return out.String(), errs.String(), code
}

// vectorLine is a vector as a line of standard input.
func vectorLine(t *testing.T, v decodertest.Vector) string {
	t.Helper()
	line, err := json.Marshal(map[string]any{"hex": v.Hex, "keys": v.Keys})
	if err != nil {
		t.Fatal(err)
	}
	return string(line) + "\n"
}

func TestDecodeAnswersEveryVector(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	var vectors []decodertest.Vector
	for v := range decodertest.Vectors(t) {
		vectors = append(vectors, v)
		in.WriteString(vectorLine(t, v))
	}
	out, errs, code := decodeLines(t, in.String())
	if code != exitOK || errs != "" {
		t.Errorf("exit code %d: %s", code, errs)
	}
	answers := strings.SplitAfter(out, "\n")
	if len(answers) != len(vectors)+1 || answers[len(vectors)] != "" {
		t.Fatalf("%d answers to %d vectors", len(answers)-1, len(vectors))
	}
	for i, v := range vectors {
		for _, line := range decodertest.Diff(v.Expect, []byte(answers[i])) {
			t.Errorf("%s: %s", v.Name, line)
		}
	}
}

func TestDecodeBreakdownIsAsReviewed(t *testing.T) {
	t.Parallel()
	names := []string{"advert_repeater_loc_name", "grp_txt_hashtag", "txt_plain_as_recipient", "trace_complete",
		"resp_telemetry_lpp", "advert_forged_name", "txt_no_keys", "err_path_truncated", "err_odd_hex"}
	lines := make(map[string]string)
	for v := range decodertest.Vectors(t) {
		lines[v.Name] = vectorLine(t, v)
	}
	for _, name := range names {
		got, errs, code := decodeLines(t, lines[name], "--no-json")
		if code != exitOK || errs != "" {
			t.Errorf("%s: exit code %d: %s", name, code, errs)
		}
		golden := filepath.Join("testdata", "decode", name+".txt")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// A frame may hold any bytes as a name or a text: none of them may reach the
// terminal as a command, in either form of the answer.
func TestDecodeNeverPrintsWhatATerminalObeys(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"\x1b[2J", "\x1b]0;title\a", "\r\b\x7f", "\u009b31m", "\u202eevil\u2066", "\u2028\u200d", "\xff\x9b", "\U000e0041"} {
		advert := append(make([]byte, 2+100), 0x81)
		advert[0] = 0x11
		channel := decoder.HashtagChannel("#x")
		mac, ciphertext := decoder.Seal(channel.Secret, append([]byte{1, 0, 0, 0, 0}, "eve: "+text...))
		keys := fmt.Sprintf(`{"hashtags":["#x"],"channels":[{"name":%q,"secret":"%x"}]}`, "\u009b", channel.Secret)
		in := hex.EncodeToString(append(advert, text...)) + "\n" +
			fmt.Sprintf(`{"hex":"1500%02x%x%x","keys":%s}`, channel.Hash(), mac, ciphertext, keys) + "\n" +
			"0d" + text + "\n" +
			`{"` + text + "\n" +
			fmt.Sprintf(`{"hex":"00","keys":{%q:1}}`, text) + "\n"
		for _, form := range []string{"--json", "--no-json"} {
			out, errs, code := decodeLines(t, in, form)
			if code != exitFailed || len(out) == 0 || strings.Count(errs, "\n") != 3 {
				t.Errorf("%q: exit code %d, %q", text, code, errs)
			}
			if i := strings.IndexFunc(out+errs, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("%s %q: printed %q", form, text, (out + errs)[i:min(i+8, len(out+errs))])
			}
		}
	}
}

func TestDecodeEscapesJSONWithoutChangingIt(t *testing.T) {
	t.Parallel()
	const text = "a\u007f\u009b\u202e\U0001f469\u200d\U000e0041\\ \"z"
	in, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	var back string
	if err := json.Unmarshal(printable(in), &back); err != nil || back != text {
		t.Errorf("%s: %q %v", printable(in), back, err)
	}
}

func TestDecodeOnATerminalIsForPeople(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("run it on Linux: it needs the script of Debian's package bsdutils, which takes other arguments elsewhere")
	}
	script := needTool(t, "script")
	for _, tt := range []struct{ args, typed, want string }{
		{"0d0015e9bf2c", "", "FLOOD ACK, 0 hops, 6 bytes\r\n  0  header           0d           FLOOD, ACK, version 0\r\n"},
		{"--json 0d0015e9bf2c", "", `{"route_type":1,`},
		{"", "0d0015e9bf2c\n", "Paste frames as hex digits, one a line. Ctrl-D ends; --help says more.\r\nFLOOD ACK, 0 hops, 6 bytes\r\n"},
	} {
		// script gives the command a terminal, and ends its input with Ctrl-D.
		cmd := exec.CommandContext(t.Context(), script, "-qec", program+" decode "+tt.args, os.DevNull)
		cmd.Stdin = strings.NewReader(tt.typed)
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), tt.want) {
			t.Errorf("%q: %q %v", tt.args, out, err)
		}
	}
}

// A program may ask and wait: each line is answered before the next is read.
func TestDecodeAnswersAtOnce(t *testing.T) {
	t.Parallel()
	stdin, ask := io.Pipe()
	answers, stdout := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), environment{stdin: stdin, stdout: stdout, stderr: io.Discard}, []string{"decode"})
	}()
	r := bufio.NewReader(answers)
	for _, frame := range []string{"0d0015e9bf2c", "\r", "0d", "0d0015e9bf2c"} {
		if _, err := io.WriteString(ask, frame+"\n"); err != nil {
			t.Fatal(err)
		}
		if frame == "\r" {
			continue // a blank line
		}
		if line, err := r.ReadString('\n'); err != nil || line[0] != '{' {
			t.Fatalf("%s: %q %v", frame, line, err)
		}
	}
	ask.Close()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

func TestDecodeSkipsLinesThatAreTooLong(t *testing.T) {
	t.Parallel()
	const ack = "0d0015e9bf2c"
	fits := ack + strings.Repeat(" ", maxLine-len(ack))
	for _, tt := range []struct {
		name, in string
		want     []string
		says     string
	}{
		{"longest", fits + "\n" + ack + "\n", []string{"ACK", "ACK"}, ""},
		{"longest, not ended", fits, []string{"ACK"}, ""},
		{"one byte more", fits + " \n" + ack + "\n", []string{"bad_line", "ACK"}, "line 1: longer than 1048576 bytes: send one frame a line"},
		{"many times that, not ended", ack + "\n" + strings.Repeat("0", 3*maxLine+7), []string{"ACK", "bad_line"}, "line 2: longer than"},
	} {
		out, errs, code := decodeLines(t, tt.in)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if len(lines) != len(tt.want) {
			t.Errorf("%s: %d answers", tt.name, len(lines))
			continue
		}
		for i, want := range tt.want {
			if !strings.Contains(lines[i], `"`+want+`"`) {
				t.Errorf("%s: answer %d is %s", tt.name, i+1, lines[i])
			}
		}
		if (code == exitFailed) != (tt.says != "") || !strings.Contains(errs, tt.says) {
			t.Errorf("%s: exit code %d, %q", tt.name, code, errs)
		}
	}
}

// brokenReader fails after what it holds.
type brokenReader struct{ io.Reader }

func (r brokenReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestDecodeSaysWhenInputBreaksOff(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	env := environment{stdin: brokenReader{strings.NewReader("0d0015e9bf2c\n0d00")}, stdout: &out, stderr: &errs}
	if code := run(t.Context(), env, []string{"decode"}); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if strings.Count(out.String(), "\n") != 1 || errs.String() != "corescope-hub: read standard input: unexpected EOF\n" {
		t.Errorf("%q %q", out.String(), errs.String())
	}
}

func TestDecodeHelpShowsEveryKindOfKey(t *testing.T) {
	t.Parallel()
	if _, err := report.ParseKeys([]byte(exampleKeys)); err != nil {
		t.Error(err)
	}
	var members map[string]any
	if err := json.Unmarshal([]byte(exampleKeys), &members); err != nil {
		t.Fatal(err)
	}
	if n := reflect.TypeFor[report.Keys]().NumField(); len(members) != n {
		t.Errorf("%d members, keys have %d", len(members), n)
	}
}

func TestWrapKeepsTextAndWidth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"short", []string{"short"}},
		{"two  spaces stay", []string{"two  spaces stay"}},
		{"a line of twenty-four ch and more", []string{"a line of twenty-four ch", "and more"}},
		{strings.Repeat("é", 50), []string{strings.Repeat("é", 24), strings.Repeat("é", 24), "éé"}},
		{"x " + strings.Repeat("y", 25), []string{"x", strings.Repeat("y", 24), "y"}},
	} {
		if got := wrap(tt.text, lineWidth); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}
