package config

import (
	"time"

	"corescope-hub/store"
)

// Retention is how long rows are kept. Days, as CoreScope reads them: what 0
// and less mean is not the same for all.
type Retention struct {
	NodeDays     int `json:"nodeDays"`
	ObserverDays int `json:"observerDays"`
	MetricsDays  int `json:"metricsDays"`
	PacketDays   int `json:"packetDays"`
	ClientRxDays int `json:"clientRxDays"`
}

// forEver is as long as makes no difference. Days.
const forEver = 365_000

// retention is what the settings mean to the store, for which 0 is for ever.
func (c *Config) retention() store.Retention {
	r := c.Retention
	kept := store.Retention{
		NodeDays:      orDefault(r.NodeDays, 7),
		ObserverDays:  min(max(r.ObserverDays, 0), forEver),
		MetricsDays:   orDefault(r.MetricsDays, 30),
		PacketDays:    min(max(r.PacketDays, 0), forEver),
		ClientRxDays:  min(max(r.ClientRxDays, 0), forEver),
		NeighbourDays: orDefault(c.NeighborEdgesMaxDays, 5),
	}
	if r.ObserverDays == 0 {
		kept.ObserverDays = 14 // for ever is -1
	}
	return kept
}

// orDefault is a number of days that cannot be for ever.
func orDefault(days, otherwise int) int {
	if days <= 0 {
		return otherwise
	}
	return min(days, forEver)
}

// seconds is a time that cannot be nothing, given in seconds: otherwise for 0 and
// less.
func seconds(n, otherwise int) time.Duration {
	if n <= 0 {
		n = otherwise
	}
	const most = 100 * 365 * 24 * 3600 // a time.Duration holds no 300 years
	return min(time.Duration(n), most) * time.Second
}

// vacuumPages is how many pages are given back at a time.
func (c *Config) vacuumPages() int {
	if c.DB.IncrementalVacuumPages <= 0 {
		return 1024
	}
	return c.DB.IncrementalVacuumPages
}
