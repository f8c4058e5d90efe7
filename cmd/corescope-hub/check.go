package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/config"
)

type checkCmd struct {
	configFlag
	JSON    bool          `name:"json" help:"Print one JSON object: {\"findings\":[{\"about\",\"state\",\"what\",\"remedy\"}]}, state being ok, warning or problem."`
	Strict  bool          `help:"Fail for warnings, too."`
	Timeout time.Duration `default:"10s" help:"How long to wait for each broker that is bridged in."`
}

// states of a finding.
const (
	stateOK      = "ok"
	stateWarning = "warning"
	stateProblem = "problem"
)

// finding is one thing that was looked at.
type finding struct {
	About  string `json:"about"` // config, listener, certificate, users, observers, database, clock, bridge
	State  string `json:"state"`
	What   string `json:"what"`
	Remedy string `json:"remedy,omitempty"`
}

// checkup collects findings.
type checkup struct {
	cfg      *config.Config
	hubRuns  bool // on one of the addresses
	findings []finding
}

func (c *checkup) ok(about, format string, args ...any) {
	c.findings = append(c.findings, finding{about, stateOK, fmt.Sprintf(format, args...), ""})
}

func (c *checkup) warn(about, what, remedy string) {
	c.findings = append(c.findings, finding{about, stateWarning, what, remedy})
}

func (c *checkup) problem(about, what, remedy string) {
	c.findings = append(c.findings, finding{about, stateProblem, what, remedy})
}

// Run looks at the settings and at this machine. Nothing is left behind.
func (c *checkCmd) Run(ctx context.Context, env environment) error {
	cfg, err := config.Load(c.Config, env.vars)
	if err != nil {
		return err
	}
	if err := checkTimeout(c.Timeout); err != nil {
		return err
	}
	look := &checkup{cfg: cfg}
	look.settings()
	look.certificates(time.Now())
	look.ports(ctx)
	look.files()
	look.database(ctx)
	look.clock(time.Now())
	look.bridges(ctx, c.Timeout)
	if err := c.print(env, look.findings); err != nil {
		return err
	}
	problems, warnings := 0, 0
	for _, f := range look.findings {
		switch f.State {
		case stateProblem:
			problems++
		case stateWarning:
			warnings++
		}
	}
	if problems > 0 || c.Strict && warnings > 0 {
		return fmt.Errorf("problems: %d, warnings: %d: see above", problems, warnings)
	}
	return nil
}

func (c *checkCmd) print(env environment, findings []finding) error {
	if c.JSON {
		text, err := json.Marshal(map[string]any{"findings": findings})
		if err != nil {
			return err
		}
		_, err = env.stdout.Write(append(printable(text), '\n'))
		return err
	}
	for _, f := range findings {
		line := f.State + ": " + f.About + ": " + oneLine(f.What)
		if f.Remedy != "" {
			line += ": " + oneLine(f.Remedy)
		}
		if _, err := fmt.Fprintln(env.stdout, line); err != nil {
			return err
		}
	}
	return nil
}

// settings says what the hub would use.
func (c *checkup) settings() {
	const about = "config"
	m := thisMachine()
	for _, w := range append(c.cfg.Warnings(), c.cfg.SelfWarnings(m)...) {
		c.warn(about, w, "")
	}
	for _, s := range c.cfg.SelfSources(m) {
		c.ok(about, "source %q (%s) is this hub itself and will not be dialled", s.Name, s.Address())
	}
	broker := c.cfg.Hub.Broker
	for _, l := range broker.Listen {
		c.ok(about, "%s: %s", l.Address, broker.AuthOf(l).Who())
	}
	if console := c.cfg.Hub.Console; console.Listen != "" && console.MQTT {
		c.ok(about, "ws://%s/mqtt: %s", console.Listen, broker.Auth.Who())
	}
	if t := broker.TLS; len(t.Domains) > 0 {
		c.ok(about, "certificates for %s come from %s", strings.Join(t.Domains, ", "), t.CA)
	}
	file := c.cfg.File()
	if file == "" {
		file = "no config file"
	}
	c.ok(about, "%s, data in %s", file, c.cfg.DBPath)
}
