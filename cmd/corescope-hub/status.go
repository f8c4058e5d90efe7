package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/signal"
	"syscall"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/config"
	"corescope-hub/cmd/corescope-hub/internal/console"
)

type statusCmd struct {
	configFlag
	JSON    bool          `name:"json" help:"Print one JSON object a line: the answers of /api/v1/stats and /api/v1/sources."`
	Watch   bool          `help:"Print it again and again, until Ctrl-C."`
	Every   time.Duration `default:"2s" help:"How often, with --watch."`
	Timeout time.Duration `default:"5s" help:"How long to wait for an answer."`
}

// hubStatus is what the status command prints as JSON.
type hubStatus struct {
	Stats   console.Stats   `json:"stats"`
	Sources console.Sources `json:"sources"`
}

// Run asks the hub that runs on this machine with the same settings how it is.
func (c *statusCmd) Run(ctx context.Context, env environment) error {
	cfg, err := config.Load(c.Config, env.vars)
	if err != nil {
		return err
	}
	address, err := consoleAddress(cfg.Hub.Console.Listen)
	if err != nil {
		return err
	}
	if err := checkTimeout(c.Timeout); err != nil {
		return err
	}
	if c.Every < 100*time.Millisecond {
		return fmt.Errorf("--every %s: too often: write a time such as 2s", c.Every)
	}
	ctx, release := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer release()
	for tick := time.NewTicker(c.Every); ; {
		r, err := c.ask(ctx, address)
		if err == nil {
			err = c.print(env.stdout, r)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		if !c.Watch {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (c *statusCmd) ask(ctx context.Context, address string) (r hubStatus, err error) {
	api := &hubAPI{base: "http://" + address, timeout: c.Timeout}
	if err = api.get(ctx, "/api/v1/stats", &r.Stats); err != nil {
		return r, err
	}
	return r, api.get(ctx, "/api/v1/sources", &r.Sources)
}

func (c *statusCmd) print(w io.Writer, r hubStatus) error {
	if c.JSON {
		return json.NewEncoder(w).Encode(r)
	}
	_, err := io.WriteString(w, statusText(r))
	if err == nil && c.Watch {
		_, err = io.WriteString(w, "\n")
	}
	return err
}
