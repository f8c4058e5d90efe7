package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/config"
)

type healthCheckCmd struct {
	configFlag
	Timeout time.Duration `default:"5s" help:"How long to wait for the answer."`
}

// Run asks /readyz of the hub that runs on this machine with the same settings.
func (c *healthCheckCmd) Run(ctx context.Context, env environment) error {
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
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%w: is the hub running?", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", address, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, bytes.ReplaceAll(bytes.TrimSpace(body), []byte("\n"), []byte(": ")))
	}
	_, err = env.stdout.Write(body)
	return err
}

// consoleAddress is where this machine reaches a console that listens at listen.
func consoleAddress(listen string) (string, error) {
	if listen == "" {
		return "", errors.New(`hub.console.listen "": the console is off: set an address to be able to ask it`)
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("hub.console.listen %q: %w", listen, err)
	}
	if port == "0" {
		return "", fmt.Errorf("hub.console.listen %q: a free port is not known here: set a fixed one", listen)
	}
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = "127.0.0.1" // a name needs /etc/hosts, which a scratch image does not have
	}
	return net.JoinHostPort(host, port), nil
}
