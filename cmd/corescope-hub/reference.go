package main

//go:generate go run . reference --dir ../../deploy/reference

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"corescope-hub/cmd/corescope-hub/internal/config"
	"corescope-hub/cmd/corescope-hub/internal/metrics"
)

type referenceCmd struct {
	Dir string `required:"" placeholder:"DIR" help:"Where to write the files."`
}

// Run writes the reference of what there is, from the tables that the program
// itself goes by.
func (c *referenceCmd) Run(parser *kong.Kong) error {
	for name, text := range references(parser) {
		if err := os.WriteFile(filepath.Join(c.Dir, name), text, 0o644); err != nil {
			return fmt.Errorf("write reference: %w", err)
		}
	}
	return nil
}

// references are the files of deploy/reference by name.
func references(parser *kong.Kong) map[string][]byte {
	files := map[string]func(io.Writer){
		"cli.md":     func(w io.Writer) { cliReference(w, parser) },
		"config.md":  configReference,
		"metrics.md": metricsReference,
	}
	texts := map[string][]byte{}
	for name, write := range files {
		var b bytes.Buffer
		fmt.Fprintf(&b, "<!-- Written by `go generate ./...`; do not edit. -->\n\n")
		write(&b)
		texts[name] = b.Bytes()
	}
	return texts
}

func cliReference(w io.Writer, parser *kong.Kong) {
	fmt.Fprintf(w, "# Commands\n\nExit code: %d when all went well, %d when something failed, %d for a command line that makes no sense.\n", exitOK, exitFailed, exitMisuse)
	fmt.Fprintf(w, "A long flag may be written with one dash or two.\n")
	for _, command := range parser.Model.Children {
		commandReference(w, command)
	}
}

// commandReference describes a command and those below it.
func commandReference(w io.Writer, command *kong.Node) {
	if command.Hidden {
		return
	}
	fmt.Fprintf(w, "\n## corescope-hub %s\n\n%s\n", commandName(command), command.Help)
	if command.Detail != "" {
		fmt.Fprintf(w, "\n%s\n", command.Detail)
	}
	if len(command.Positional) > 0 {
		fmt.Fprint(w, "\n| Argument | Meaning |\n|---|---|\n")
		for _, arg := range command.Positional {
			fmt.Fprintf(w, "| `%s` | %s |\n", arg.Summary(), cell(arg.Help))
		}
	}
	if len(command.Flags) > 0 {
		fmt.Fprint(w, "\n| Flag | Meaning |\n|---|---|\n")
		for _, flag := range command.Flags {
			fmt.Fprintf(w, "| `%s` | %s |\n", flagForm(flag), cell(flag.Help))
		}
	}
	for _, child := range command.Children {
		commandReference(w, child)
	}
}

// flagForm is a flag as it is written.
func flagForm(flag *kong.Flag) string {
	form := strings.TrimSpace(flag.String())
	if flag.Tag.Negatable != "" {
		return strings.Replace(form, "--", "--[no-]", 1)
	}
	return form
}

func configReference(w io.Writer) {
	fmt.Fprint(w, "# Settings\n\n"+
		"One JSON file, with comments and trailing commas if you like. A setting that the file leaves out has the default below.\n"+
		"Names outside `hub` are CoreScope's. An unknown name within `hub` is an error; elsewhere it is left to CoreScope's web server.\n\n"+
		"| Setting | Default | Environment | Meaning |\n|---|---|---|---|\n")
	for _, k := range config.Keys() {
		if k.Section {
			fmt.Fprintf(w, "| **%s** | | | %s |\n", k.Path, cell(k.Doc))
			continue
		}
		env := ""
		if k.Env != "" {
			env = "`" + k.Env + "`"
		}
		fmt.Fprintf(w, "| `%s` | `%s` | %s | %s |\n", k.Path, k.Default, env, cell(k.Doc))
	}
}

func metricsReference(w io.Writer) {
	fmt.Fprint(w, "# Metrics\n\nServed at `/metrics` of the console, in the text format of Prometheus.\n\n"+
		"| Metric | Kind | Unit | Label | Meaning |\n|---|---|---|---|---|\n")
	for _, m := range metrics.Table() {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s |\n", m.Name, m.Kind, m.Unit, m.Label, cell(m.Help))
	}
}

// cell is text that cannot break out of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
