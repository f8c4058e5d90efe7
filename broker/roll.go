package broker

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Roll is the observers file: what operators decided, one Ruling a line. The
// command line changes it, the hub reads it again when it has changed.
type Roll struct{ path string }

// NewRoll is the observers file at path, which need not be there yet.
func NewRoll(path string) Roll { return Roll{path} }

// rollHead begins a new file.
const rollHead = "# Observers that something was decided on: KEY [allow|deny] [mute [UNTIL]] [# NOTE]\n" +
	"# Written by corescope-hub observers; a running hub reads it again when it changes.\n"

// maxRollBytes is the largest observers file that is read.
const maxRollBytes = 4 << 20

// Rulings reads the file. Without a file there are none.
func (f Roll) Rulings() (map[string]Ruling, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]Ruling{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("observers file %s: %w", f.path, cause(err))
	}
	defer file.Close()
	rulings, err := parseRoll(file)
	if err != nil {
		return nil, fmt.Errorf("observers file %s: %w", f.path, err)
	}
	return rulings, nil
}

func parseRoll(r io.Reader) (map[string]Ruling, error) {
	rulings := make(map[string]Ruling)
	lines := bufio.NewScanner(io.LimitReader(r, maxRollBytes))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		ruling, err := parseRuling(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w; write it with corescope-hub observers", n, err)
		}
		if rulings[ruling.Key] = ruling; len(rulings) > maxRulings {
			return nil, fmt.Errorf("line %d: more than %d observers; take out what is no longer needed", n, maxRulings)
		}
	}
	return rulings, lines.Err()
}

// Change replaces the ruling on one observer by what change makes of it, the
// zero Ruling when there is none yet. One that says nothing any more is taken
// out. Mutes that are over go with it. Nobody else can change the file meanwhile.
func (f Roll) Change(key string, change func(*Ruling)) error {
	key, err := ObserverKey(key)
	if err != nil {
		return err
	}
	unlock, err := f.lock()
	if err != nil {
		return err
	}
	defer unlock()
	rulings, err := f.Rulings()
	if err != nil {
		return err
	}
	ruling := rulings[key]
	change(&ruling)
	ruling.Key, ruling.Note = key, cleanNote(ruling.Note)
	rulings[key] = ruling
	now := time.Now()
	for k, r := range rulings {
		if r.Muted = r.muted(now); !r.Muted {
			r.Until = time.Time{}
		}
		if rulings[k] = r; r.Decision == Undecided && !r.Muted {
			delete(rulings, k)
		}
	}
	return f.write(rulings)
}

// lock waits until nobody else changes the file. The lock is on a file of its
// own, since the file itself is replaced.
func (f Roll) lock() (unlock func(), err error) {
	lock, err := os.OpenFile(f.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("observers file %s: %w: check that you may write to its directory", f.path, cause(err))
	}
	likeBefore(lock, f.path)
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		lock.Close()
		return nil, fmt.Errorf("observers file %s: lock it: %w", f.path, err)
	}
	return func() { lock.Close() }, nil
}

func (f Roll) write(rulings map[string]Ruling) error {
	var text strings.Builder
	text.WriteString(rollHead)
	for _, key := range slices.Sorted(maps.Keys(rulings)) {
		text.WriteString(rulings[key].line() + "\n")
	}
	if err := replaceFile(f.path, text.String()); err != nil {
		return fmt.Errorf("observers file %s: %w", f.path, err)
	}
	return nil
}

// replaceFile writes a file whole or not at all. Owner, group and mode of the
// file before stay, so that an operator who is root does not lock the hub out.
func replaceFile(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return cause(err)
	}
	defer os.Remove(f.Name())
	likeBefore(f, path)
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// likeBefore gives f the owner and mode of what is at path; of a new file those
// of the directory, whose owner is the hub's.
func likeBefore(f *os.File, path string) {
	info, err := os.Stat(path)
	if err == nil {
		f.Chmod(info.Mode().Perm())
	} else if info, err = os.Stat(filepath.Dir(path)); err != nil {
		return
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		f.Chown(int(owner.Uid), int(owner.Gid)) // in vain, and needless, for anybody but root
	}
}

// cause is an error of the file system without the path that it repeats.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// stamp tells one state of a file from another.
type stamp struct {
	changed time.Time
	size    int64
	inode   uint64
}

// stamp of the file now; the zero stamp without one.
func (f Roll) stamp() (s stamp) {
	info, err := os.Stat(f.path)
	if err != nil {
		return s
	}
	s.changed, s.size = info.ModTime(), info.Size()
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = uint64(sys.Ino)
	}
	return s
}
