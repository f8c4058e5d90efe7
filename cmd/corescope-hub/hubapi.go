package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/console"
)

// hubAPI asks a running hub.
type hubAPI struct {
	base    string // http://HOST:PORT
	timeout time.Duration
	login   *http.Cookie // nil without a login
}

// answerError is an answer other than 200.
type answerError struct {
	url, text string
	status    int
}

func (e *answerError) Error() string {
	return fmt.Sprintf("ask %s: %s", e.url, cmp.Or(e.text, http.StatusText(e.status)))
}

// maxAnswer bounds what is read of an answer: something else may listen there.
const maxAnswer = 16 << 20

// checkTimeout refuses a --timeout in which nobody could answer.
func checkTimeout(d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("--timeout %s: write a time such as 5s", d)
	}
	return nil
}

func (a *hubAPI) get(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	resp, err := a.ask(ctx, path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("ask %s: %w: is it a corescope-hub that listens there?", a.base+path, err)
	}
	return nil
}

// ask returns an answer 200.
func (a *hubAPI) ask(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", a.base+path, err)
	}
	if a.login != nil {
		req.AddCookie(a.login)
	}
	resp, err := http.DefaultClient.Do(req)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("%w: no hub runs with these settings: start it, or name its settings with --config", err)
	case err != nil:
		return nil, fmt.Errorf("%w: is the hub running?", err)
	case resp.StatusCode == http.StatusOK:
		return resp, nil
	}
	defer resp.Body.Close()
	e := &answerError{url: a.base + path, status: resp.StatusCode}
	if text, err := io.ReadAll(io.LimitReader(resp.Body, 1000)); err == nil {
		e.text = answerText(text)
	}
	if resp.StatusCode == http.StatusNotFound {
		e.text = "not there: is it a corescope-hub of this version that listens there?"
	}
	return nil, e
}

// answerText is what an answer other than 200 says: {"error":TEXT}, or text that is
// no page.
func answerText(body []byte) string {
	var said struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(body, &said); err == nil {
		return oneLine(said.Error)
	}
	if bytes.ContainsAny(body, "<{") {
		return ""
	}
	return oneLine(string(body))
}

// logIn gets the cookie of a login; without a name none is needed.
func (a *hubAPI) logIn(ctx context.Context, name, passwordFile string) error {
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(passwordFile)
	if err != nil {
		return fmt.Errorf("password file %q: %w: name one with --password-file", passwordFile, cause(err))
	}
	form := url.Values{"name": {name}, "password": {strings.TrimRight(string(text), "\r\n")}}
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("log in at %s: %w", a.base, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultTransport.RoundTrip(req) // it redirects, and we do not follow
	if err != nil {
		return fmt.Errorf("log in at %s: %w: is the hub running?", a.base, err)
	}
	defer resp.Body.Close()
	if cookies := resp.Cookies(); len(cookies) > 0 {
		a.login = cookies[0]
		return nil
	}
	return fmt.Errorf("log in at %s as %q: refused: check the name, the password and that the user is a viewer or an admin", a.base, name)
}

// tailEvent is the data of an event of packets.
type tailEvent struct {
	Packets []console.Packet `json:"packets"`
	More    bool             `json:"more"` // some are left out
}

// events calls f for each event of packets committed after an observation, until
// the stream ends, which is an error unless the hub wants it so.
func (a *hubAPI) events(ctx context.Context, after int64, f func(id int64, e tailEvent) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silent := time.AfterFunc(tailSilence, cancel)
	defer silent.Stop()
	resp, err := a.ask(ctx, "/api/events?packets=1&after="+strconv.FormatInt(after, 10))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxAnswer)
	var id int64
	var kind string
	for lines.Scan() {
		silent.Reset(tailSilence)
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			id, _ = strconv.ParseInt(value, 10, 64)
		case "event":
			kind = value
		case "data":
			var e tailEvent
			if kind != "packets" {
				continue
			}
			if err := json.Unmarshal([]byte(value), &e); err != nil {
				return fmt.Errorf("read what comes from %s: %w: is it a corescope-hub that listens there?", a.base, err)
			}
			if err := f(id, e); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read what comes from %s: %w", a.base, err)
	}
	return nil
}
