package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/signal"
	"sort"
	"syscall"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/config"
	"corescope-hub/cmd/corescope-hub/internal/console"
)

type tailCmd struct {
	configFlag
	packetFilter
	Last         int           `short:"n" default:"10" help:"How many packets to begin with, at most ${mostTailed}."`
	Since        time.Duration `placeholder:"TIME" help:"Begin with the packets since then, such as 1h, in the place of --last."`
	Follow       bool          `default:"true" negatable:"" help:"Go on with what comes; with --no-follow end after the first packets."`
	Receptions   bool          `help:"Tell of every reception, not only of the first ones of a packet."`
	JSON         bool          `name:"json" help:"Print one JSON object a line: a packet as in /api/v1/packets. With --receptions it comes again with each."`
	User         string        `placeholder:"NAME" help:"User to log in as, where the console asks for a login."`
	PasswordFile string        `placeholder:"FILE" help:"File with the user's password."`
	Timeout      time.Duration `default:"5s" help:"How long to wait for an answer."`
}

// Bounds of a tail.
const (
	mostTailed   = 20_000 // packets to begin with, or to catch up with
	tailPause    = time.Second
	mostPause    = 15 * time.Second
	tailSilence  = time.Minute // the hub shows every 20 s that it lives
	tailPageSize = 500
)

// Run shows packets as they are committed, until Ctrl-C.
func (c *tailCmd) Run(ctx context.Context, env environment) error {
	cfg, err := config.Load(c.Config, env.vars)
	if err != nil {
		return err
	}
	address, err := consoleAddress(cfg.Hub.Console.Listen)
	if err != nil {
		return err
	}
	switch {
	case c.Last < 0 || c.Last > mostTailed:
		return fmt.Errorf("--last %d: write 0 to %d packets", c.Last, mostTailed)
	case c.Since < 0:
		return fmt.Errorf("--since %s: write a time such as 1h", c.Since)
	case c.User != "" && c.PasswordFile == "":
		return fmt.Errorf("--user %s: without a password: name a file with it with --password-file", c.User)
	case c.User == "" && c.PasswordFile != "":
		return fmt.Errorf("--password-file %s: without a user: name one with --user", c.PasswordFile)
	}
	if err := checkTimeout(c.Timeout); err != nil {
		return err
	}
	ctx, release := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer release()
	t := &tail{cmd: c, env: env, api: &hubAPI{base: "http://" + address, timeout: c.Timeout}, look: newLook(env)}
	if err := t.api.logIn(ctx, c.User, c.PasswordFile); err != nil {
		return err
	}
	if err = t.begin(ctx); err == nil && c.Follow {
		err = t.follow(ctx)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// tail is what has been shown: packets and observations up to some id. The ids
// rise with the time of being stored.
type tail struct {
	cmd  *tailCmd
	env  environment
	api  *hubAPI
	look look

	packet      int64
	observation int64
	event       int64 // the cursor of the stream
}

// begin shows the last packets. What comes meanwhile comes with the stream.
func (t *tail) begin(ctx context.Context) error {
	var newest console.PacketList
	if err := t.api.get(ctx, "/api/v1/packets?limit=1", &newest); err != nil {
		return err
	}
	for _, p := range newest.Packets {
		t.event = latest(p)
	}
	if t.cmd.Last == 0 && t.cmd.Since == 0 {
		for _, p := range newest.Packets {
			t.packet, t.observation = p.ID, latest(p)
		}
		return nil
	}
	most, stop := t.cmd.Last, time.Time{}
	if t.cmd.Since > 0 {
		most, stop = mostTailed, time.Now().Add(-t.cmd.Since)
	}
	packets, err := t.earlier(ctx, most, func(p console.Packet) bool { return p.FirstSeen.Before(stop) })
	if err != nil {
		return err
	}
	if err := t.show(packets); err != nil {
		return err
	}
	if t.packet == 0 && !t.cmd.JSON {
		fmt.Fprintln(t.env.stderr, "corescope-hub: "+t.cmd.nothing(len(newest.Packets) > 0))
	}
	for _, p := range newest.Packets { // it may pass no filter: what comes is later all the same
		t.packet, t.observation = max(t.packet, p.ID), max(t.observation, latest(p))
	}
	return nil
}

// nothing says why there is no packet to begin with.
func (c *tailCmd) nothing(stored bool) string {
	switch {
	case !stored:
		return "no packet has been stored yet"
	case c.Since > 0:
		return "no packet since then passes the filters"
	}
	return "no stored packet passes the filters"
}

// earlier asks for packets that pass the filters, newest first, until one is
// enough.
func (t *tail) earlier(ctx context.Context, most int, enough func(console.Packet) bool) ([]console.Packet, error) {
	var all []console.Packet
	query := t.cmd.query()
	for len(all) < most {
		query.Set("limit", fmt.Sprint(min(most-len(all), tailPageSize)))
		var page console.PacketList
		if err := t.api.get(ctx, "/api/v1/packets?"+query.Encode(), &page); err != nil {
			return nil, err
		}
		for _, p := range page.Packets {
			if enough(p) {
				return all, nil
			}
			all = append(all, p)
		}
		if page.Next == nil {
			break
		}
		query.Set("cursor", *page.Next)
	}
	return all, nil
}

// follow shows what is committed, and connects again when the hub was away.
func (t *tail) follow(ctx context.Context) error {
	pause, away := tailPause, false
	for {
		err := t.api.events(ctx, t.event, func(id int64, e tailEvent) error {
			if away {
				fmt.Fprintln(t.env.stderr, "corescope-hub: the hub is there again")
				pause, away = tailPause, false
			}
			return t.came(ctx, id, e)
		})
		var refused *answerError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &refused) && refused.status < 500, errors.Is(err, errOutput):
			return err
		case err != nil && !away:
			fmt.Fprintf(t.env.stderr, "corescope-hub: %v: waiting for the hub\n", err)
			away = true
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
		pause = min(2*pause, mostPause)
	}
}

// came shows an event. Of one that leaves something out the list is asked for.
func (t *tail) came(ctx context.Context, id int64, e tailEvent) error {
	packets := e.Packets
	if e.More {
		if id < t.observation { // another database has taken the place of the old one
			t.packet, t.observation = 0, 0
		}
		var err error
		known := t.packet
		if packets, err = t.earlier(ctx, mostTailed, func(p console.Packet) bool { return p.ID <= known }); err != nil {
			return err
		}
	}
	t.event = id
	return t.show(packets)
}

// errOutput means that nobody reads what is printed.
var errOutput = errors.New("write")

// show prints, oldest first, what of the packets was not shown yet.
func (t *tail) show(packets []console.Packet) error {
	sort.Slice(packets, func(i, k int) bool { return packets[i].ID < packets[k].ID })
	seen := t.observation
	for _, p := range packets {
		isNew, more := p.ID > t.packet, latest(p) > seen
		t.packet, t.observation = max(t.packet, p.ID), max(t.observation, latest(p))
		if !t.cmd.matches(p) || !isNew && !(more && t.cmd.Receptions) {
			continue
		}
		if err := t.print(p, isNew, seen); err != nil {
			return fmt.Errorf("%w: %w", errOutput, err)
		}
	}
	return nil
}

func (t *tail) print(p console.Packet, isNew bool, seen int64) error {
	if t.cmd.JSON {
		text, err := json.Marshal(p)
		if err != nil {
			return err
		}
		_, err = t.env.stdout.Write(append(printable(text), '\n'))
		return err
	}
	if isNew {
		if _, err := fmt.Fprintln(t.env.stdout, t.look.packet(p)); err != nil {
			return err
		}
	}
	for _, o := range p.Observations {
		if t.cmd.Receptions && (isNew || o.ID > seen) {
			if _, err := fmt.Fprintln(t.env.stdout, t.look.reception(o)); err != nil {
				return err
			}
		}
	}
	return nil
}

// latest is the id of the packet's last observation.
func latest(p console.Packet) (id int64) {
	for _, o := range p.Observations {
		id = max(id, o.ID)
	}
	return id
}
