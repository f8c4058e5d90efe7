package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"

	"corescope-hub/broker"
	"corescope-hub/cmd/corescope-hub/internal/console"
	"corescope-hub/cmd/corescope-hub/internal/metrics"
	"corescope-hub/decoder"
	"corescope-hub/decoder/report"
	"corescope-hub/store"
)

// openConsole binds the console's address, unless the console is off.
func (h *hub) openConsole(ctx context.Context, channels []decoder.Channel) error {
	if h.cfg.Hub.Console.Listen == "" {
		return nil
	}
	reporter, err := reporterOf(channels, h.cfg.Regions())
	if err != nil {
		return err
	}
	roll := broker.NewRoll(h.cfg.ObserversFile())
	opts := console.Options{
		Listen:    h.cfg.Hub.Console.Listen,
		NotYet:    h.notReady,
		Metrics:   metrics.Handler(h.snapshot),
		Stats:     h.stats,
		Sources:   h.sourceStates,
		Log:       h.log,
		Access:    h.access(),
		Site:      h.site(),
		Store:     func() *store.Store { return h.store },
		Sessions:  func() []broker.Session { return h.broker.Sessions() },
		Observers: func() []broker.Observer { return h.broker.Observers() },
		Decisions: console.Decisions{Rulings: roll.Rulings, Change: roll.Change},
		Report:    reporter,
		Profiling: h.cfg.Hub.Console.PProf,
	}
	if h.cfg.Hub.Console.MQTT {
		opts.MQTT = http.HandlerFunc(h.serveMQTT)
	}
	h.console, err = console.Open(ctx, opts)
	return err
}

// reporterOf takes frames apart with the keys that the hub has.
func reporterOf(channels []decoder.Channel, regions []string) (*report.Reporter, error) {
	keys := report.Keys{Regions: regions}
	for _, c := range channels {
		keys.Channels = append(keys.Channels, report.Channel{Name: c.Name, Secret: report.Secret(hex.EncodeToString(c.Secret))})
	}
	r, err := report.New(keys)
	if err != nil {
		return nil, fmt.Errorf("read frames for the console: %w", err)
	}
	return r, nil
}

func (h *hub) access() console.Access {
	set := h.cfg.Hub.Console
	a := console.Access{Auth: console.Auth(set.Auth), Hosts: set.Hosts}
	if h.cfg.Hub.Broker.Auth.UsersFile != "" {
		a.Login = func(remote, name, password string) (broker.Principal, error) {
			return h.broker.CheckPassword(remote, name, password)
		}
	}
	return a
}

// site is what the pages say of this hub.
func (h *hub) site() console.Site {
	s := console.Site{
		Name: h.machine.Hostname, Version: version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Started: h.started,
		Database: h.cfg.DBPath, ConfigFile: h.cfg.File(), PacketDays: h.cfg.Retention.PacketDays,
		Admission: h.cfg.Hub.Broker.Auth.Who(), OpenToLAN: h.cfg.Hub.Broker.Auth.Anonymous != "false",
		CoreScope: strings.TrimRight(h.cfg.Hub.Console.CoreScope, "/"),
	}
	if h.demo {
		s.Name = "Demo, an invented mesh"
	}
	if abs, err := filepath.Abs(h.cfg.DBPath); err == nil {
		s.Database = abs
	}
	if lan := lanAddresses(h.machine.Addresses, outwardAddress()); len(lan) > 0 {
		s.Host = lan[0].String()
	}
	for _, setting := range h.cfg.Settings() {
		s.Settings = append(s.Settings, console.Setting{Path: setting.Path, Value: setting.Value, Default: setting.Default, Changed: setting.Value != setting.Default})
	}
	return s
}
