// Command corescope-hub is the whole appliance in one process: an MQTT broker
// that observers publish to, the decoder of what their radios heard, and the
// SQLite database in CoreScope's schema that it is kept in.
package main

import (
	"context"
	"io"
	"os"
)

func main() {
	env := environment{vars: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(run(context.Background(), env, os.Args[1:]))
}

// environment is what a command sees of the world around it.
type environment struct {
	vars           []string // NAME=value
	stdin          io.Reader
	stdout, stderr io.Writer
}
