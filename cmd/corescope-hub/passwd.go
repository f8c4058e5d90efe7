package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/term"

	"corescope-hub/broker"
)

type passwdCmd struct {
	File   string   `arg:"" placeholder:"FILE" help:"The users file (hub.broker.auth.usersFile). It is made when it is not there."`
	User   string   `arg:"" placeholder:"NAME" help:"Who is to log in. A public key as name ties an observer to that key."`
	Role   string   `enum:"observer,viewer,limited,admin" default:"observer" help:"observer publishes; viewer reads what observers publish; limited reads it without signal strengths and what the observers are; admin may do everything."`
	Topics []string `placeholder:"FILTER" help:"Topic filters that the user is held to, besides its role."`
	Delete bool     `help:"Take the user out."`
}

// Help is the long form of what the command does.
func (passwdCmd) Help() string {
	return `Reads the password from standard input, one line, or asks for it twice on a terminal, and writes its Argon2id hash into the file. A running hub reads the file when it starts.`
}

// Run sets or deletes a user.
func (c *passwdCmd) Run(env environment) error {
	if c.User == "" || strings.ContainsAny(c.User, ":\n\r#") {
		return fmt.Errorf("user name %q: empty, or with a character that the file cannot hold: use letters, digits, dots and dashes", c.User)
	}
	lines, err := c.otherLines()
	if err != nil {
		return err
	}
	if !c.Delete {
		line, err := c.line(env)
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	return broker.ReplaceUsers(c.File, strings.Join(append(lines, ""), "\n"))
}

// otherLines are those of the file that are not this user's.
func (c *passwdCmd) otherLines() ([]string, error) {
	text, err := os.ReadFile(c.File)
	if errors.Is(err, fs.ErrNotExist) && !c.Delete {
		return []string{"# Users of corescope-hub, written by corescope-hub passwd."}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("users file %q: %w: check the path", c.File, cause(err))
	}
	var others []string
	found := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if name, _, ok := strings.Cut(line, ":"); ok && broker.SameUser(name, c.User) {
			found = true
			continue
		}
		others = append(others, line)
	}
	if c.Delete && !found {
		return nil, fmt.Errorf("users file %q: there is no user %q in it", c.File, c.User)
	}
	return others, nil
}

func (c *passwdCmd) line(env environment) (string, error) {
	password, err := c.password(env)
	if err != nil {
		return "", err
	}
	hash, err := broker.HashPassword(password)
	if err != nil {
		return "", err
	}
	line := c.User + ":" + c.Role + ":" + hash
	if len(c.Topics) > 0 {
		line += ":" + strings.Join(c.Topics, ",")
	}
	if err := broker.CheckUser(line); err != nil {
		return "", err
	}
	return line, nil
}

// password is one line of standard input; on a terminal it is asked for twice,
// and not shown.
func (c *passwdCmd) password(env environment) (password string, err error) {
	if f, ok := env.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		password, err = c.ask(env.stderr, int(f.Fd()))
	} else {
		password, err = bufio.NewReader(io.LimitReader(env.stdin, 4096)).ReadString('\n')
		password = strings.TrimRight(password, "\r\n")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if password == "" {
		return "", errors.New("no password: give it on standard input, one line")
	}
	return password, nil
}

func (c *passwdCmd) ask(w io.Writer, terminal int) (string, error) {
	var said [2]string
	for i, prompt := range []string{"Password of " + c.User + ": ", "Again: "} {
		fmt.Fprint(w, prompt)
		typed, err := term.ReadPassword(terminal)
		fmt.Fprintln(w)
		if err != nil {
			return "", err
		}
		said[i] = string(typed)
	}
	if said[0] != said[1] {
		return "", errors.New("the two differ; type the same twice")
	}
	return said[0], nil
}
