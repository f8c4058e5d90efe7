package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/simulate"
)

// meshFlags say which mesh to invent.
type meshFlags struct {
	Nodes     int       `default:"20" help:"How many nodes the mesh has."`
	Observers int       `default:"8" help:"How many of them observe. Each logs in by itself."`
	Rate      float64   `default:"20" help:"Packets a minute. Several observers hear each."`
	Region    string    `default:"INV" help:"The airport in the topics."`
	Near      []float64 `default:"57.48,-4.21" placeholder:"LAT,LON" help:"Where the mesh is, in degrees."`
	Seed      uint64    `default:"1" help:"Another number is another mesh; the same is the same again."`
}

func (f *meshFlags) mesh() (*simulate.Mesh, error) {
	if len(f.Near) != 2 {
		return nil, fmt.Errorf("near %v: write a latitude and a longitude, such as 57.48,-4.21", f.Near)
	}
	return simulate.New(simulate.Options{
		Seed: f.Seed, Nodes: f.Nodes, Observers: f.Observers, Region: f.Region, Latitude: f.Near[0], Longitude: f.Near[1],
	})
}

type simulateCmd struct {
	Broker string `default:"mqtt://localhost:1883" help:"Where to publish: mqtt://HOST:PORT, or mqtts, ws or wss."`
	meshFlags
	Duration     time.Duration `placeholder:"TIME" help:"When to end, such as 10m. Without it Ctrl-C does."`
	Count        int           `placeholder:"N" help:"After how many messages to end."`
	User         string        `placeholder:"NAME" help:"User to log in as."`
	Password     string        `placeholder:"TEXT" help:"The user's password. Whoever lists this machine's processes sees it."`
	PasswordFile string        `placeholder:"FILE" help:"File with the user's password."`
	Insecure     bool          `help:"Take any TLS certificate."`
}

// Run publishes an invented mesh until Ctrl-C or a limit, and says what came of
// it.
func (c *simulateCmd) Run(ctx context.Context, env environment) error {
	switch {
	case !(c.Rate > 0):
		return fmt.Errorf("--rate %g: write packets a minute, more than 0", c.Rate)
	case c.Duration < 0:
		return fmt.Errorf("--duration %s: write a time such as 10m", c.Duration)
	case c.Count < 0:
		return fmt.Errorf("--count %d: write a number of messages", c.Count)
	}
	mesh, err := c.mesh()
	if err != nil {
		return err
	}
	target, err := c.target()
	if err != nil {
		return err
	}
	ctx, release := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer release()
	p := newProgress(env.stdout)
	publisher := simulate.NewPublisher(mesh, target, p.say)
	p.say(fmt.Sprintf("publishing %d nodes and %d observers to %s, %g packets a minute; Ctrl-C ends", len(mesh.Nodes), c.Observers, target, c.Rate))
	shown, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(shown)
		for tick := time.NewTicker(progressOnTerminal); ; {
			select {
			case <-tick.C:
				n := publisher.Counts()
				p.at(fmt.Sprintf("%d of %d observers connected, %s", n.Connected, n.Observers, countsText(n)))
			case <-finished:
				return
			}
		}
	}()
	err = publisher.Run(ctx, simulate.Limits{PerMinute: c.Rate, Duration: c.Duration, Messages: c.Count})
	close(finished)
	<-shown
	if err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	p.say("ended: " + countsText(publisher.Counts()))
	return nil
}

func countsText(n simulate.Counts) string {
	text := fmt.Sprintf("%d messages sent, %d acknowledged", n.Sent, n.Acked)
	if n.Missed > 0 {
		text += fmt.Sprintf(", %d missed", n.Missed)
	}
	return text
}

func (c *simulateCmd) target() (simulate.Target, error) {
	t, err := simulate.ParseTarget(c.Broker)
	if err != nil {
		return t, err
	}
	t.InsecureSkipVerify = c.Insecure
	if c.User != "" {
		t.Username, t.Password = c.User, c.Password
	}
	if t.Username == "" && c.Password+c.PasswordFile != "" {
		return t, errors.New("a password without a user: name one with --user")
	}
	if c.PasswordFile != "" {
		text, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return t, fmt.Errorf("password file %q: %w: check the path", c.PasswordFile, cause(err))
		}
		t.Password = strings.TrimRight(string(text), "\r\n")
	}
	return t, nil
}
