package corescope

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

var (
	errNotRegular = errors.New("not a regular file")
	errTooLarge   = errors.New("too large")
)

// openDir opens the directory name in dir, which must be there and not be a
// link.
func openDir(dir, name string) (*os.Root, error) {
	parent, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	info, err := parent.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: not a directory", name)
	}
	return parent.OpenRoot(name)
}

// fileState tells one version of a file from the next.
type fileState struct {
	size     int64
	modified time.Time
}

// readRegular reads a file that others may have put there: it opens no link, no
// pipe and no device, and reads no more than most bytes.
func readRegular(dir *os.Root, name string, most int64) ([]byte, error) {
	listed, err := dir.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !listed.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, errNotRegular)
	}
	f, err := dir.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if opened, err := f.Stat(); err != nil {
		return nil, err
	} else if !os.SameFile(listed, opened) {
		return nil, fmt.Errorf("%s: %w", name, errNotRegular) // replaced this very moment
	}
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > most {
		return nil, fmt.Errorf("%s: %w, more than %d bytes", name, errTooLarge, most)
	}
	return content, nil
}

// namespace is the functions of os that work on names, or those of an os.Root.
type namespace struct {
	open   func(name string, flag int, mode fs.FileMode) (*os.File, error)
	rename func(from, to string) error
	remove func(name string) error
}

func anywhere() namespace           { return namespace{os.OpenFile, os.Rename, os.Remove} }
func within(dir *os.Root) namespace { return namespace{dir.OpenFile, dir.Rename, dir.Remove} }
func temporary(name string) string  { return name + ".tmp" }

// create makes the file that replace will put in place of name. What stands in
// its own place, a link of somebody else's for instance, is removed, not opened.
func (n namespace) create(name string, mode fs.FileMode) (*os.File, error) {
	n.remove(temporary(name)) // none there, or the next line says what is wrong
	return n.open(temporary(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, mode)
}

// replace writes content to the created file and puts it in place of name, whole
// or not at all.
func (n namespace) replace(f *os.File, name string, content []byte) error {
	_, err := f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = n.rename(temporary(name), name)
	}
	if err != nil {
		n.remove(temporary(name))
	}
	return err
}
