package corescope

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"time"

	"corescope-hub/store"
)

const requestsDir = "prune-requests"

// Bounds of what is taken from the directory of requests.
const (
	requestBytes    = 8 << 20 // of one request: some 100 000 keys
	requestsAtATime = 16      // the others wait for the next look
)

// request asks for nodes to be deleted.
type request struct {
	ID          string    `json:"id"`
	RequestedAt time.Time `json:"requestedAt"`
	Reason      string    `json:"reason"`
	Pubkeys     []string  `json:"pubkeys"`
}

// result is the answer to a request.
type result struct {
	ID          string    `json:"id"`
	RequestedAt time.Time `json:"requestedAt"`
	CompletedAt time.Time `json:"completedAt"`
	Deleted     int       `json:"deleted"`
	Error       string    `json:"error,omitempty"`
}

var requestName = regexp.MustCompile(`^request-([0-9A-Fa-f]{1,64})\.json$`)

// answerRequests does what the requests in the directory ask for, in the order
// of their names.
func (x *Exchange) answerRequests(ctx context.Context) {
	dir, err := openDir(x.opts.Dir, requestsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		x.warnOnce(requestsDir, "directory of requests not usable", err)
		return
	}
	defer dir.Close()
	names, err := pending(dir)
	if err != nil {
		x.warnOnce(requestsDir, "directory of requests not usable", err)
		return
	}
	for _, name := range names {
		if ctx.Err() == nil {
			x.answer(ctx, dir, name)
		}
	}
}

// pending lists the first requests by name. A directory of any size costs no
// more memory than these.
func pending(dir *os.Root) (names []string, err error) {
	d, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	for {
		entries, err := d.ReadDir(256)
		for _, e := range entries {
			if requestName.MatchString(e.Name()) {
				names = append(names, e.Name())
			}
		}
		slices.Sort(names)
		names = names[:min(len(names), requestsAtATime)]
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// answer does what one request asks for. The answer's file is made before, so
// that nothing is deleted that could not be answered; and a request that has an
// answer is not done again, should it refuse to go.
func (x *Exchange) answer(ctx context.Context, dir *os.Root, name string) {
	id := requestName.FindStringSubmatch(name)[1]
	answerName := "result-" + id + ".json"
	if _, err := dir.Lstat(answerName); err == nil {
		x.removeRequest(dir, name)
		return
	}
	f, err := within(dir).create(answerName, 0o644)
	if err != nil {
		x.warnOnce(name, "request not answered: check that the hub's user may write to its directory", err)
		return
	}
	res := x.obey(ctx, dir, name, id)
	if res == nil {
		f.Close()
		dir.Remove(temporary(answerName))
		return
	}
	text, err := json.MarshalIndent(res, "", "  ")
	if err == nil {
		err = within(dir).replace(f, answerName, text)
	}
	if err != nil {
		x.opts.Log.Warn("answer to a request not written", "request", id, "err", err)
	}
	x.removeRequest(dir, name)
}

// obey reads a request and deletes its nodes. Nil means that the hub is stopping
// and the request is for the next one.
func (x *Exchange) obey(ctx context.Context, dir *os.Root, name, id string) *result {
	res := &result{ID: id}
	r, err := readRequest(dir, name, id)
	if err == nil {
		res.RequestedAt = r.RequestedAt
		res.Deleted, err = x.opts.Store.DeleteNodes(ctx, r.Pubkeys)
		if ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
			return nil
		}
	}
	res.CompletedAt = x.now().UTC()
	if err != nil {
		res.Error = err.Error()
		x.opts.Log.Warn("request of CoreScope's server failed", "request", id, "err", err)
		return res
	}
	x.opts.Log.Info("nodes deleted as CoreScope's server asked", "request", id, "reason", fmt.Sprintf("%.100q", r.Reason), "rows", res.Deleted)
	return res
}

func readRequest(dir *os.Root, name, id string) (r request, err error) {
	text, err := readRegular(dir, name, requestBytes)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("read request: %w", err)
	}
	if r.ID != id {
		return r, fmt.Errorf("read request: its id is %.80q, and its name says %s", r.ID, id)
	}
	return r, nil
}

func (x *Exchange) removeRequest(dir *os.Root, name string) {
	if err := dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		x.warnOnce(name, "request not removed: check who owns its directory", err)
	}
}

// warnOnce tells of something that will be met again at every look.
func (x *Exchange) warnOnce(what, text string, err error) {
	if x.warned[what] {
		return
	}
	if x.warned == nil || len(x.warned) >= requestsAtATime {
		x.warned = map[string]bool{}
	}
	x.warned[what] = true
	x.opts.Log.Warn(text, "what", what, "err", err)
}
