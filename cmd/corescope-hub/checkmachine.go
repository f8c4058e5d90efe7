package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"corescope-hub/broker"
)

// Bounds below which a check speaks up.
const (
	leastFree  = 200 << 20 // bytes, that the hub needs to go on for a while
	littleFree = 1 << 30   // bytes
	leastYear  = 2026      // what a clock says that was ever set
)

// ports opens every address for a moment.
func (c *checkup) ports(ctx context.Context) {
	addresses := map[string]string{}
	for _, l := range c.cfg.Hub.Broker.Listeners() {
		if u, err := url.Parse(l); err == nil {
			addresses[l] = u.Host
		}
	}
	order := c.cfg.Hub.Broker.Listeners()
	if console := c.cfg.Hub.Console.Listen; console != "" {
		addresses["hub.console.listen "+console] = console
		order = append(order, "hub.console.listen "+console)
	}
	for _, name := range order {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", addresses[name])
		switch {
		case err == nil:
			l.Close()
			c.ok("listener", "%s is free", name)
		case errors.Is(err, syscall.EADDRINUSE):
			c.taken(name, addresses[name])
		case errors.Is(err, syscall.EACCES):
			c.problem("listener", name+": this user may not open that port", "choose one above 1023, or give the hub CAP_NET_BIND_SERVICE")
		default:
			c.problem("listener", fmt.Sprintf("%s: %v", name, err), "name an address of this machine, or none for all")
		}
	}
}

// taken tells who has a port. A hub that runs is no problem.
func (c *checkup) taken(name, address string) {
	_, port, _ := net.SplitHostPort(address)
	pid, command := portHolder(port)
	switch {
	case command == "corescope-hub":
		c.hubRuns = true
		c.ok("listener", "%s: a hub runs there (process %d)", name, pid)
	case command != "":
		c.problem("listener", fmt.Sprintf("%s is taken by %s (process %d)", name, command, pid), "stop it, or choose another port")
	default:
		c.problem("listener", name+" is taken by another program", fmt.Sprintf("sudo ss -ltnp 'sport = :%s' names it; stop it, or choose another port", port))
	}
}

// database looks at where the rows go.
func (c *checkup) database(ctx context.Context) {
	const about = "database"
	dir, err := filepath.Abs(filepath.Dir(c.cfg.DBPath))
	if err != nil {
		c.problem(about, err.Error(), "write the whole path as dbPath")
		return
	}
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			break
		} else if err == nil || dir == filepath.Dir(dir) {
			c.problem(about, dir+" is not a directory", "choose another dbPath")
			return
		}
		dir = filepath.Dir(dir) // the hub makes what is missing
	}
	f, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		c.problem(about, fmt.Sprintf("nothing can be written in %s: %v", dir, cause(err)), "let the hub's user write there: sudo chown corescope-hub: "+dir)
		return
	}
	f.Close()
	os.Remove(f.Name())
	if f, err := os.OpenFile(c.cfg.DBPath, os.O_RDWR, 0); err == nil {
		f.Close()
	} else if !os.IsNotExist(err) {
		c.problem(about, fmt.Sprintf("%s cannot be written: %v", c.cfg.DBPath, cause(err)), "let it be the hub's user's: sudo chown corescope-hub: "+c.cfg.DBPath)
	}
	c.contents(ctx)
	c.disk(dir)
}

func (c *checkup) disk(dir string) {
	const about = "database"
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		c.warn(about, fmt.Sprintf("free space at %s: %v", dir, err), "look at it with df")
		return
	}
	free := int64(st.Bavail) * int64(st.Bsize)
	what := fmt.Sprintf("%.1f GB are free at %s", float64(free)/1e9, dir)
	switch {
	case free < leastFree:
		c.problem(about, what, "free 200 MB or more; without space nothing is stored and nothing acknowledged")
	case free < littleFree:
		c.warn(about, what, "free some, or keep packets for fewer days (retention.packetDays)")
	default:
		c.ok(about, "%s", what)
	}
	if kind := fileSystem(int64(st.Type)); kind.remedy != "" {
		c.warn(about, dir+" is on "+kind.name, kind.remedy)
	}
	if interval := c.cfg.Hub.Store.CommitInterval; onCard(dir) && interval == 0 {
		c.warn(about, dir+" is on an SD card, and hub.store.commitInterval is 0s", "250ms is kinder to the card")
	}
}

// clock looks at what times will be stored.
func (c *checkup) clock(now time.Time) {
	const about = "clock"
	synchronised, known := clockSynchronised()
	switch {
	case now.Year() < leastYear:
		c.problem(about, "this machine says it is "+now.Format(time.DateTime), "set its clock: sudo timedatectl set-ntp true")
	case known && !synchronised:
		c.warn(about, now.Format(time.DateTime)+", and nothing keeps it right", "let the network set it: sudo timedatectl set-ntp true")
	default:
		c.ok(about, "%s", now.Format(time.DateTime))
	}
}

// bridges logs in at every broker that is bridged in, as the hub would, but with
// a session of its own.
func (c *checkup) bridges(ctx context.Context, within time.Duration) {
	upstreams := c.cfg.BrokerOptions(thisMachine(), slog.New(slog.DiscardHandler)).Upstreams
	errs := make([]error, len(upstreams))
	var asked sync.WaitGroup
	limit := make(chan struct{}, 8)
	for i, u := range upstreams {
		asked.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			u.ConnectTimeout = min(u.ConnectTimeout, within)
			errs[i] = broker.TryUpstream(ctx, u)
		})
	}
	asked.Wait()
	for i, u := range upstreams {
		if errs[i] != nil {
			c.problem("bridge", fmt.Sprintf("%q: %v", u.Name, errs[i]), "the hub starts, and tries again until it can")
			continue
		}
		c.ok("bridge", "%q: logged in, and may read %s", u.Name, strings.Join(u.Topics, ", "))
	}
}
