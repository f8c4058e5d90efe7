package main

import (
	"strings"

	"github.com/alecthomas/kong"
)

// example is a command line that the help shows, and a test runs.
type example struct {
	does    string
	line    string // for bash
	endless bool   // Ctrl-C ends it
}

// examples of every command, by its name. What they name is this machine's.
var examples = map[string][]example{
	"serve": {
		{"with the defaults, or the config.json that is here", "corescope-hub serve", true},
		{"with settings of your own", "corescope-hub serve --config hub.json", true},
		{"look at an invented mesh first", "corescope-hub serve --demo", true},
	},
	"check": {
		{"before a start or a restart", "corescope-hub check", false},
		{"for a program", "corescope-hub check --json --config hub.json", false},
	},
	"healthcheck": {
		{"for a container or a watchdog", "corescope-hub healthcheck --timeout=2s", false},
	},
	"status": {
		{"once", "corescope-hub status", false},
		{"until Ctrl-C", "corescope-hub status --watch", true},
		{"what a program may want", "corescope-hub status --json", false},
	},
	"tail": {
		{"the last packets, and then what comes", "corescope-hub tail", true},
		{"only adverts, of the last hour", "corescope-hub tail --type ADVERT --since 1h --no-follow", false},
		{"who heard what is said on a channel", "corescope-hub tail --channel '#test' --receptions --no-follow", false},
		{"for a program", "corescope-hub tail --json -n 100 --no-follow", false},
	},
	"decode": {
		{"one frame", "corescope-hub decode 1502a3f0d9b9881c8dcb69dc34e219305ed8100af30d68", false},
		{"from a pipe, with a key", `echo '{"hex":"1502a3f0d9b9881c8dcb69dc34e219305ed8100af30d68","keys":{"hashtags":["#test"]}}' | corescope-hub decode --no-json`, false},
	},
	"observers list": {
		{"who is decided on, and who was seen", "corescope-hub observers list", false},
	},
	"observers allow": {
		{"take one, and say why", "corescope-hub observers allow --note 'Ann, roof' " + exampleObserver, false},
	},
	"observers deny": {
		{"never again", "corescope-hub observers deny " + exampleObserver, false},
	},
	"observers mute": {
		{"for two days", "corescope-hub observers mute --for 48h " + exampleObserver, false},
	},
	"observers forget": {
		{"as if nothing had been decided", "corescope-hub observers forget " + exampleObserver, false},
	},
	"passwd": {
		{"somebody who may look", "echo secret | corescope-hub passwd --role viewer users ann", false},
		{"take him out", "corescope-hub passwd --delete users ann", false},
	},
	"token": {
		{"for a broker that wants its name in it", "corescope-hub token --audience hub.example node.key", false},
	},
	"simulate": {
		{"into the hub on this machine, until Ctrl-C", "corescope-hub simulate", true},
		{"a hundred messages of a larger mesh", "corescope-hub simulate --broker mqtt://localhost:1883 --nodes 60 --observers 12 --rate 600 --count 100", false},
	},
	"completion": {
		{"in this shell", `eval "$(corescope-hub completion bash)"`, false},
		{"in every fish", "corescope-hub completion fish > corescope-hub.fish", false},
	},
	"version": {
		{"for a report", "corescope-hub version", false},
	},
}

const exampleObserver = "7A31F2B09C4D5E6F7A31F2B09C4D5E6F7A31F2B09C4D5E6F7A31F2B09C4D5E6F"

// addExamples puts the examples behind what the help says at length.
func addExamples(node *kong.Node) {
	for _, child := range node.Children {
		addExamples(child)
	}
	list := examples[commandName(node)]
	if len(list) == 0 {
		return
	}
	text := "Examples:\n"
	for _, e := range list {
		text += "\n    # " + e.does + "\n    " + e.line + "\n"
	}
	node.Detail = strings.TrimLeft(strings.TrimSpace(node.Detail)+"\n\n"+strings.TrimRight(text, "\n"), "\n")
}

// commandName is how a command is called, without the program.
func commandName(node *kong.Node) string {
	if node.Parent == nil || node.Parent.Parent == nil {
		return node.Name
	}
	return commandName(node.Parent) + " " + node.Name
}
