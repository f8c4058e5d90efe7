package config

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// defaultFile is read from the working directory when no file is named.
const defaultFile = "config.json"

// Load reads the settings: the defaults, then file, then the environment env (a
// list of NAME=value, as os.Environ returns it), and checks the result. With no
// file named, config.json in the working directory is read if there is one. The
// error is an *Error. Nothing is written anywhere.
func Load(file string, env []string) (*Config, error) {
	c := Default()
	if err := c.readFile(file); err != nil {
		return nil, err
	}
	if err := c.environ(env); err != nil {
		return nil, err
	}
	if c.DBPath == "" { // as with CoreScope
		c.DBPath = Default().DBPath
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Config) readFile(file string) error {
	named := file != ""
	if !named {
		file = defaultFile
	}
	src, err := os.ReadFile(file)
	switch {
	case err == nil:
		c.file = file
		return c.decode(file, src)
	case !named && errors.Is(err, fs.ErrNotExist):
		return nil
	}
	e := &Error{Key: "config file", Value: quote(file), Err: cause(err), Hint: "check that this user can read it"}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Hint = "check the path, or leave --config out to run with the defaults"
	case errors.Is(err, syscall.EISDIR):
		e.Hint = "name the file in it"
	}
	return e
}

// cause is a file error without the act and the path, which the message has already.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// quote puts an operator's value in quotes and keeps it short.
func quote(s string) string {
	const most = 120
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strconv.Quote(s)
}
