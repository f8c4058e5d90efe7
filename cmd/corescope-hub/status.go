package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	if c.Every < 100*time.Millisecond {
		return fmt.Errorf("every %s: too often: write a time such as 2s", c.Every)
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

func (c *statusCmd) ask(ctx context.Context, address string) (hubStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var r hubStatus
	if err := askJSON(ctx, "http://"+address+"/api/v1/stats", &r.Stats); err != nil {
		return r, err
	}
	return r, askJSON(ctx, "http://"+address+"/api/v1/sources", &r.Sources)
}

// maxAnswer bounds what is read of an answer: something else may listen there.
const maxAnswer = 4 << 20

func askJSON(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	resp, err := http.DefaultClient.Do(req)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: no hub runs with these settings: start it, or name its settings with --config", err)
	case err != nil:
		return fmt.Errorf("%w: is the hub running?", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask %s: %s: is it a corescope-hub of this version that listens there?", url, resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("ask %s: %w: is it a corescope-hub that listens there?", url, err)
	}
	return nil
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
