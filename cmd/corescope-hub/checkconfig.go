package main

import (
	"fmt"

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
	for _, s := range cfg.SelfSources(m) {
		fmt.Fprintf(env.stdout, "source %q (%s) is this hub itself and will not be dialled\n", s.Name, s.Address())
	}
	_, err = fmt.Fprintf(env.stdout, "ok: %s, data in %s\n", file, cfg.DBPath)
	return err
}
