package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitMisuse = 2 // the command line makes no sense
)

// commands is the command line. Its tags are the help texts, and the reference
// in deploy/reference/cli.md.
type commands struct {
	Serve       serveCmd       `cmd:"" default:"withargs" help:"Run the hub. This is what happens without a command."`
	Check       checkCmd       `cmd:"" help:"Look for what would keep the hub from working here, and say what to do."`
	HealthCheck healthCheckCmd `cmd:"" name:"healthcheck" help:"Ask a running hub whether it is ready."`
	Status      statusCmd      `cmd:"" help:"Say how a running hub is: its clients, its bridges, its database."`
	Tail        tailCmd        `cmd:"" help:"Show the packets of a running hub as they come."`
	Decode      decodeCmd      `cmd:"" help:"Say what is in frames, by hand or from a pipe."`
	Observers   observersCmd   `cmd:"" help:"List observers, and decide whose messages are taken."`
	Passwd      passwdCmd      `cmd:"" help:"Set the password of a user."`
	Token       tokenCmd       `cmd:"" help:"Make a device token, to try out a broker."`
	Simulate    simulateCmd    `cmd:"" help:"Publish an invented mesh to a broker."`
	Completion  completionCmd  `cmd:"" help:"Print what makes a shell complete command lines."`
	Complete    completeCmd    `cmd:"" hidden:"" help:"Say how a command line may go on: what shells ask."`
	Version     versionCmd     `cmd:"" help:"Say which version this is."`
	Reference   referenceCmd   `cmd:"" hidden:"" help:"Write the reference of commands, settings and metrics."`

	ShowVersion kong.VersionFlag `name:"version" help:"Say which version this is."`
}

// configFlag is shared by the commands that need the settings.
type configFlag struct {
	Config string `placeholder:"FILE" help:"Settings to read. Without it config.json of the working directory is read, if there is one."`
}

// newParser makes the parser of the command line. It never ends the process;
// exit is told when help or version was all that was asked for.
func newParser(env environment, exit func(int)) (*kong.Kong, error) {
	parser, err := kong.New(new(commands),
		kong.Name("corescope-hub"),
		kong.Description("An MQTT broker for MeshCore observers that keeps what they hear in CoreScope's database."),
		kong.Writers(env.stdout, env.stderr),
		kong.Vars{"version": "corescope-hub " + version(), "mostTailed": strconv.Itoa(mostTailed)},
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}),
		kong.Exit(exit),
	)
	if err == nil {
		addExamples(parser.Model.Node)
	}
	return parser, err
}

// run executes one command line and returns the exit code. An error is one line
// on standard error.
func run(ctx context.Context, env environment, args []string) int {
	answered := -1
	parser, err := newParser(env, func(code int) { answered = code })
	if err != nil {
		panic(err) // the tags of commands are wrong
	}
	command, err := parser.Parse(doubleDashes(args))
	if answered >= 0 {
		return answered
	}
	if err != nil {
		fmt.Fprintf(env.stderr, "corescope-hub: %s\n", misuse(err))
		return exitMisuse
	}
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(env); err != nil {
		fmt.Fprintf(env.stderr, "corescope-hub: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// misuse says what is wrong with a command line, and where to find what is right.
func misuse(err error) string {
	text, help := err.Error(), "corescope-hub"
	var wrong *kong.ParseError
	if errors.As(err, &wrong) {
		if command := wrong.Context.Selected(); command != nil && command.Name != "serve" { // which may not have been named
			help = command.FullPath()
		}
	}
	if flag, rest, ok := strings.Cut(text, ": expected duration but got "); ok {
		value, _, _ := strings.Cut(rest, ": ")
		return fmt.Sprintf("%s %s: not a time: write one such as 90s, 15m or 36h", flag, value)
	}
	return text + ": " + help + " --help lists what there is"
}

// doubleDashes lets long flags be written with one dash, as CoreScope's programs
// take them: -config FILE.
func doubleDashes(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		if arg == "--" {
			break
		}
		if len(arg) > 2 && arg[0] == '-' && unicode.IsLetter(rune(arg[1])) {
			out[i] = "-" + arg
		}
	}
	return out
}
