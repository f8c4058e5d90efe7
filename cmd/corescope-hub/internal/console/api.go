package console

import "time"

// The answers of /api/v1. They are read-only JSON objects; times are RFC 3339,
// or null for never; counters count since the hub started. A field is never
// renamed and never changes its meaning; new ones may be added.

// Stats is the answer of GET /api/v1/stats.
type Stats struct {
	Version  string      `json:"version"`
	Started  time.Time   `json:"started"`
	Now      time.Time   `json:"now"`      // the hub's clock
	NotReady []string    `json:"notReady"` // what keeps it from taking and keeping messages; empty when it is ready
	Process  Process     `json:"process"`
	Broker   BrokerStats `json:"broker"`
	Ingest   IngestStats `json:"ingest"`
	Store    StoreStats  `json:"store"`
}

// Process is the program itself.
type Process struct {
	Goroutines  int    `json:"goroutines"`
	MemoryBytes uint64 `json:"memoryBytes"` // what the Go runtime has from the operating system
}

// BrokerStats is the MQTT side, local clients only.
type BrokerStats struct {
	Connections   int64 `json:"connections"` // open now
	Sessions      int   `json:"sessions"`    // logged in now
	Subscriptions int64 `json:"subscriptions"`
	Retained      int64 `json:"retained"`
	Received      int64 `json:"received"` // messages
	Acked         int64 `json:"acked"`
	NotSafe       int64 `json:"notSafe"`  // not acknowledged: they come again
	InFlight      int64 `json:"inFlight"` // messages whose fate is not known, those of bridges included
	Dropped       int64 `json:"dropped"`  // left out for subscribers that read too slowly
	RefusedLogins int64 `json:"refusedLogins"`
}

// IngestStats is what became of the messages of all sources.
type IngestStats struct {
	Fates
	ByReason map[string]uint64 `json:"byReason"` // passed and worthless, by the reason
}

// Fates counts messages by what became of them.
type Fates struct {
	Received   uint64 `json:"received"`
	Stored     uint64 `json:"stored"`
	Duplicates uint64 `json:"duplicates"` // of those stored: known already
	Passed     uint64 `json:"passed"`     // nothing in them for the database
	Worthless  uint64 `json:"worthless"`  // can never be stored
	NotSafe    uint64 `json:"notSafe"`    // could not be kept then
}

// StoreStats is the database.
type StoreStats struct {
	Records       uint64 `json:"records"`
	Transmissions uint64 `json:"transmissions"` // new ones
	Observations  uint64 `json:"observations"`  // new ones
	Commits       uint64 `json:"commits"`
	CommitErrors  uint64 `json:"commitErrors"`
	Failing       bool   `json:"failing"` // the last commit failed
	LastError     string `json:"lastError"`
	QueueDepth    int    `json:"queueDepth"` // records that wait for their commit
	QueueCapacity int    `json:"queueCapacity"`
	DatabaseBytes int64  `json:"databaseBytes"`
	WALBytes      int64  `json:"walBytes"`
}

// Sources is the answer of GET /api/v1/sources.
type Sources struct {
	Now     time.Time `json:"now"` // the hub's clock
	Sources []Source  `json:"sources"`
}

// Kinds of sources.
const (
	KindListener = "listener" // of this hub
	KindBridge   = "bridge"   // to another broker
)

// Source is where messages come from.
type Source struct {
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`
	Address   string    `json:"address"` // where it listens or what it dials; never with a login
	Fates     Fates     `json:"messages"`
	PerMinute []*int    `json:"perMinute"`          // messages in each of the last 60 minutes, the oldest first; null for those before the hub started
	Listener  *Listener `json:"listener,omitempty"` // of listeners only
	Bridge    *Bridge   `json:"bridge,omitempty"`   // of bridges only
}

// Listener is how a listener is.
type Listener struct {
	Clients            int        `json:"clients"`            // connected now
	Refused            int64      `json:"refused"`            // logins, since the hub was started
	RefusedLately      int64      `json:"refusedLately"`      // logins, in this hour and the 23 before it
	CertificateExpires *time.Time `json:"certificateExpires"` // null without encryption, or while there is no certificate
}

// Bridge is how a bridge is.
type Bridge struct {
	State           string     `json:"state"` // "down"; "up"; "quiet": up, and silent for longer than usual, though the upstream answers
	Self            bool       `json:"self"`  // it leads back to this hub, and so is not used
	Since           time.Time  `json:"since"` // when the state began
	Connects        int64      `json:"connects"`
	Disconnects     int64      `json:"disconnects"`
	Ended           []Ending   `json:"ended"` // the last connections that ended, oldest first, at most 16
	LastError       string     `json:"lastError"`
	Problem         string     `json:"problem"` // that, in plain words
	LastMessage     *time.Time `json:"lastMessage"`
	LastFiveMinutes int64      `json:"lastFiveMinutes"` // messages
	Waiting         int64      `json:"waiting"`         // messages that wait for their commit, and so for their acknowledgement
	Refused         int64      `json:"refused"`         // messages beyond the bounds on size or topic
	Republished     int64      `json:"republished"`     // messages shown to subscribers of this hub
	Probes          int64      `json:"probes"`          // times that the silent upstream was asked whether it lives
	Dead            int64      `json:"dead"`            // connections that looked alive and brought nothing
}

// Ending is one connection of a bridge that ended.
type Ending struct {
	At            time.Time `json:"at"`
	LastedSeconds float64   `json:"lastedSeconds"`
	Cause         string    `json:"cause"`
	Problem       string    `json:"problem"` // that, in plain words
}
