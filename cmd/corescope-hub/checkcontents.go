package main

import (
	"context"
	"strings"

	"corescope-hub/broker"
	"corescope-hub/store"
)

// files reads those that the hub reads at its start, as it would.
func (c *checkup) files() {
	seen := map[string]bool{"": true}
	auths := []string{c.cfg.Hub.Broker.Auth.UsersFile}
	for _, l := range c.cfg.Hub.Broker.Listen {
		auths = append(auths, c.cfg.Hub.Broker.AuthOf(l).UsersFile)
	}
	for _, file := range auths {
		if seen[file] {
			continue
		}
		seen[file] = true
		if err := broker.CheckUsersFile(file); err != nil {
			c.problem("users", err.Error(), "")
			continue
		}
		c.ok("users", "%s", file)
	}
	if _, err := broker.NewRoll(c.cfg.ObserversFile()).Rulings(); err != nil {
		c.problem("observers", err.Error(), "")
	}
}

// contents looks into the database, and at who has it open.
func (c *checkup) contents(ctx context.Context) {
	const about = "database"
	if err := store.Inspect(ctx, c.cfg.DBPath); err != nil {
		c.problem(about, strings.TrimPrefix(err.Error(), "open database "), "")
	}
	if process, held := store.Holder(c.cfg.DBPath); held && !c.hubRuns {
		c.problem(about, c.cfg.DBPath+" is in use by a hub with other addresses"+process, "stop that one first, or choose another dbPath")
	}
}
