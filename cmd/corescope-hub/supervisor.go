package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"corescope-hub/store"
)

// supervisor is systemd, when it has started the hub as a service of
// Type=notify. It is told over a datagram socket: sd_notify(3). The zero value
// is nobody.
type supervisor struct {
	socket   string        // path, or @NAME in the abstract namespace; "" when nobody listens
	watchdog time.Duration // the hub is killed when it is silent for that long; 0 for never
}

// States that systemd knows.
const (
	stateReady    = "READY=1"
	stateAlive    = "WATCHDOG=1"
	stateStopping = "STOPPING=1"
)

// supervisorOf reads what systemd tells a service in its environment.
func supervisorOf(vars []string) supervisor {
	var s supervisor
	var usec int64
	mine := true
	for _, kv := range vars {
		switch name, value, _ := strings.Cut(kv, "="); name {
		case "NOTIFY_SOCKET":
			if strings.HasPrefix(value, "/") || strings.HasPrefix(value, "@") { // others are no UNIX sockets
				s.socket = value
			}
		case "WATCHDOG_USEC":
			usec, _ = strconv.ParseInt(value, 10, 64)
		case "WATCHDOG_PID": // a parent's watchdog is not ours to feed
			mine = value == strconv.Itoa(os.Getpid())
		}
	}
	if mine && usec > 0 {
		s.watchdog = time.Duration(usec) * time.Microsecond
	}
	return s
}

// tell sends one state, with a line for `systemctl status` unless it is "".
func (s supervisor) tell(state, status string) error {
	if s.socket == "" {
		return nil
	}
	if status != "" {
		state += "\nSTATUS=" + status
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell systemd that %s: %w", state, err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("tell systemd that %s: %w", state, err)
	}
	return nil
}

// watch tells systemd that the hub is alive for as long as the database's writer
// moves, and when ctx ends that it stops. A hub whose writer hangs answers
// pings, and keeps nothing: only a restart helps, and what was not acknowledged
// comes again.
func (s supervisor) watch(ctx context.Context, stats func() store.Stats, log *slog.Logger) {
	var beat <-chan time.Time
	if s.socket != "" && s.watchdog > 0 {
		ticker := time.NewTicker(s.watchdog / 3)
		defer ticker.Stop()
		beat = ticker.C
	}
	before, hangs := stats(), false
	for {
		select {
		case <-beat:
		case <-ctx.Done():
			s.report(log, stateStopping, "Storing what was received")
			return
		}
		now := stats()
		if moves := now.MovedSince(before); moves {
			s.report(log, stateAlive, "")
			hangs = false
		} else if !hangs {
			hangs = true
			log.Error("the database's writer hangs: systemd restarts the hub unless it moves soon", "records", now.QueueDepth, "watchdog", s.watchdog)
		}
		before = now
	}
}

// report tells systemd, or the log that this was not possible.
func (s supervisor) report(log *slog.Logger, state, status string) {
	if err := s.tell(state, status); err != nil {
		log.Warn("systemd does not hear the hub", "err", err)
	}
}
