package main

import (
	"fmt"
	"strings"

	"corescope-hub/cmd/corescope-hub/internal/config"
)

type checkConfigCmd struct{ configFlag }

// Run checks the settings as serve would, and says what it would use.
func (c *checkConfigCmd) Run(env environment) error {
	cfg, err := config.Load(c.Config, env.vars)
	if err != nil {
		return err
	}
	file := cfg.File()
	if file == "" {
		file = "no config file"
	}
	for _, w := range cfg.Warnings() {
		fmt.Fprintf(env.stdout, "warning: %s\n", w)
	}
	m := thisMachine()
	for _, w := range cfg.SelfWarnings(m) {
		fmt.Fprintf(env.stdout, "warning: %s\n", w)
	}
	for _, s := range cfg.SelfSources(m) {
		fmt.Fprintf(env.stdout, "source %q (%s) is this hub itself and will not be dialled\n", s.Name, s.Address())
	}
	settings := cfg.Hub.Broker
	for _, l := range settings.Listen {
		fmt.Fprintf(env.stdout, "%s: %s\n", l.Address, settings.AuthOf(l).Who())
	}
	if cfg.Hub.Console.Listen != "" && cfg.Hub.Console.MQTT {
		fmt.Fprintf(env.stdout, "ws://%s/mqtt: %s\n", cfg.Hub.Console.Listen, settings.Auth.Who())
	}
	if t := settings.TLS; len(t.Domains) > 0 {
		fmt.Fprintf(env.stdout, "certificates for %s come from %s\n", strings.Join(t.Domains, ", "), t.CA)
	}
	_, err = fmt.Fprintf(env.stdout, "ok: %s, data in %s\n", file, cfg.DBPath)
	return err
}
