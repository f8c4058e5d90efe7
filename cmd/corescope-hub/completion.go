package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// The scripts ask the program that is being completed how its line may go on:
// they hold no list of commands, and never get old. Without an answer the shell
// completes names of files.
var completionScripts = map[string]string{
	"bash": `_corescope_hub() {
	local IFS=$'\n'
	COMPREPLY=($("$1" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _corescope_hub corescope-hub
`,
	"zsh": `#compdef corescope-hub
_corescope_hub() {
	local -a found
	found=("${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ -n "${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _corescope_hub corescope-hub
`,
	"fish": `complete -c corescope-hub -a '(corescope-hub complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
}

// Run prints the script of a shell.
func (c *completionCmd) Run(env environment) error {
	_, err := fmt.Fprint(env.stdout, completionScripts[c.Shell])
	return err
}

type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:"all" help:"The line without the program; the last word is the one to complete, and may be empty."`
}

// Run prints how the last word may go on, one a line.
func (c *completeCmd) Run(env environment, parser *kong.Kong) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, w := range completions(parser.Model.Node, words) {
		if _, err := fmt.Fprintln(env.stdout, w); err != nil {
			return err
		}
	}
	return nil
}

// completions are the ways in which the last word may go on.
func completions(node *kong.Node, words []string) []string {
	last := ""
	if len(words) > 0 {
		last, words = words[len(words)-1], words[:len(words)-1]
	}
	var flag *kong.Flag // that the last word is the value of
	positional := 0
	for _, w := range words {
		child := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == w && !n.Hidden })
		switch {
		case flag != nil && w == "=": // bash makes a word of it
		case flag != nil:
			flag = nil
		case strings.HasPrefix(w, "-"):
			flag = valueFlag(node, w)
		case child >= 0:
			node = node.Children[child]
		default:
			positional++
		}
	}
	var all []string
	switch {
	case flag != nil:
		all = values(flag.Value)
		last = strings.TrimPrefix(last, "=")
	case strings.HasPrefix(last, "-"):
		for _, group := range node.AllFlags(true) {
			for _, f := range group {
				all = append(all, "--"+f.Name)
			}
		}
	case len(node.Children) > 0:
		for _, n := range node.Children {
			if !n.Hidden {
				all = append(all, n.Name)
			}
		}
	case positional < len(node.Positional):
		all = values(node.Positional[positional])
	}
	return slices.DeleteFunc(all, func(w string) bool { return !strings.HasPrefix(w, last) })
}

// valueFlag is the flag that a word names, if its value is the next word.
func valueFlag(node *kong.Node, word string) *kong.Flag {
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			if strings.TrimLeft(word, "-") == f.Name && !f.IsBool() {
				return f
			}
		}
	}
	return nil
}

// values are those that there are, when they can be listed.
func values(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return strings.Split(v.Enum, ",")
}
