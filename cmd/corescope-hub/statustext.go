package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/console"
)

// statusText is the status for people.
func statusText(r hubStatus) string {
	var b strings.Builder
	s := r.Stats
	state := "ready"
	if len(s.NotReady) > 0 {
		state = "NOT READY: " + strings.Join(s.NotReady, "; ")
	}
	fmt.Fprintf(&b, "corescope-hub %s, up %s, %s\n", s.Version, span(s.Now.Sub(s.Started)), state)
	fmt.Fprintf(&b, "clients    %d connected, %d subscriptions, %d logins refused\n", s.Broker.Sessions, s.Broker.Subscriptions, s.Broker.RefusedLogins)
	fmt.Fprintf(&b, "messages   %d received, %d stored, %d of them known already, %d passed on only, %d worthless, %d to come again\n",
		s.Ingest.Received, s.Ingest.Stored, s.Ingest.Duplicates, s.Ingest.Passed, s.Ingest.Worthless, s.Ingest.NotSafe)
	fmt.Fprintf(&b, "database   %.1f MB, %d new packets, %d new observations, queue %d of %d\n\n",
		float64(s.Store.DatabaseBytes)/1e6, s.Store.Transmissions, s.Store.Observations, s.Store.QueueDepth, s.Store.QueueCapacity)

	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tSTATE\tFOR\tLAST MESSAGE\tIN 5 MIN\tRECEIVED\tSTORED\tWAITING\tRECONNECTS")
	for _, source := range r.Sources.Sources {
		fmt.Fprintln(t, strings.Join(sourceCells(source, r.Sources.Now), "\t"))
	}
	_ = t.Flush() // into memory
	for _, source := range r.Sources.Sources {
		b.WriteString(sourceNotes(source, r.Sources.Now))
	}
	return b.String()
}

// sourceCells is the line of one source.
func sourceCells(s console.Source, now time.Time) []string {
	received, stored := fmt.Sprint(s.Fates.Received), fmt.Sprint(s.Fates.Stored)
	if s.Bridge == nil {
		return []string{s.Name, "listening", "", "", "", received, stored, "", ""}
	}
	b := s.Bridge
	last := "never"
	if b.LastMessage != nil {
		last = span(now.Sub(*b.LastMessage)) + " ago"
	}
	return []string{
		s.Name, b.State, span(now.Sub(b.Since)), last, fmt.Sprint(b.LastFiveMinutes), received, stored,
		fmt.Sprint(b.Waiting), fmt.Sprint(max(b.Connects-1, 0)),
	}
}

// sourceNotes says why a bridge is down, and why it was of late.
func sourceNotes(s console.Source, now time.Time) string {
	if s.Bridge == nil {
		return ""
	}
	var b strings.Builder
	if s.Bridge.State == "down" && s.Bridge.LastError != "" {
		fmt.Fprintf(&b, "\n%s (%s) is down: %s\n", s.Name, s.Address, s.Bridge.LastError)
	}
	const shown = 3
	ended := s.Bridge.Ended
	if len(ended) > 0 {
		fmt.Fprintf(&b, "\n%s lost its connection %d times, last:\n", s.Name, s.Bridge.Disconnects)
	}
	for _, e := range ended[max(len(ended)-shown, 0):] {
		fmt.Fprintf(&b, "  %s ago, after %s: %s\n", span(now.Sub(e.At)), span(time.Duration(e.LastedSeconds*float64(time.Second))), e.Cause)
	}
	return b.String()
}

// span is a duration in its two largest units.
func span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}
