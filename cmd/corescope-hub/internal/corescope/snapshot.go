package corescope

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"corescope-hub/store"
)

const (
	snapshotDir  = "mbcap-snapshot"
	snapshotFile = "snapshot.json"

	// snapshotBytes bounds the file: some 50 000 nodes.
	snapshotBytes = 8 << 20
)

// snapshot is what CoreScope's server has found out about which nodes can use
// path hashes longer than a byte.
type snapshot struct {
	WrittenAt time.Time `json:"writtenAt"`
	Entries   []struct {
		PublicKey string `json:"public_key"`
		Status    string `json:"status"` // confirmed, suspected, unknown
		Evidence  string `json:"evidence"`
	} `json:"entries"`
}

// applySnapshot writes the latest snapshot into the rows of its nodes, unless
// that is done already.
func (x *Exchange) applySnapshot(ctx context.Context) {
	dir, err := openDir(x.opts.Dir, snapshotDir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			x.opts.Log.Warn("snapshot of CoreScope's server not read", "err", err)
		}
		return
	}
	defer dir.Close()
	info, err := dir.Lstat(snapshotFile)
	if err != nil {
		return // none yet
	}
	state := fileState{size: info.Size(), modified: info.ModTime()}
	if state == x.applied {
		return
	}
	nodes, err := readSnapshot(dir)
	if err != nil {
		x.applied = state // that one is told of once
		x.opts.Log.Warn("snapshot of CoreScope's server not read", "err", err)
		return
	}
	changed, err := x.opts.Store.SetMultibyte(ctx, nodes)
	switch {
	case err == nil:
		x.applied = state
		if changed > 0 {
			x.opts.Log.Info("capabilities of nodes taken over from CoreScope's server", "rows", changed)
		}
	case ctx.Err() == nil && !errors.Is(err, store.ErrClosed):
		x.opts.Log.Warn("snapshot of CoreScope's server not taken over; it is tried again", "err", err)
	}
}

func readSnapshot(dir *os.Root) ([]store.Multibyte, error) {
	text, err := readRegular(dir, snapshotFile, snapshotBytes)
	if err != nil {
		return nil, err
	}
	var s snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	var nodes []store.Multibyte
	for _, e := range s.Entries {
		if support := supportOf(e.Status); support > 0 {
			nodes = append(nodes, store.Multibyte{Key: e.PublicKey, Support: support, Evidence: e.Evidence})
		}
	}
	return nodes, nil
}

// supportOf is the number that stands for a status; 0 for one that says nothing,
// which never takes the place of what is known.
func supportOf(status string) int64 {
	switch status {
	case "confirmed":
		return 2
	case "suspected":
		return 1
	}
	return 0
}
