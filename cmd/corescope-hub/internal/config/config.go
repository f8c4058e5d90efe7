// Package config reads the operator's settings: default.json, which is embedded,
// then the operator's file, then the environment. CoreScope's own keys keep
// CoreScope's names and meaning; what only the hub has is under "hub".
package config

import (
	_ "embed"
	"time"
)

//go:embed default.json
var defaultJSON []byte

// Config holds every setting. default.json documents each.
type Config struct {
	DBPath                string            `json:"dbPath"`
	MQTTSources           []Source          `json:"mqttSources"`
	MQTT                  LegacySource      `json:"mqtt"`
	ChannelKeys           map[string]Secret `json:"channelKeys"`
	HashChannels          []string          `json:"hashChannels"`
	ChannelKeysPath       string            `json:"channelKeysPath"`
	HashRegions           []string          `json:"hashRegions"`
	ValidateSignatures    bool              `json:"validateSignatures"`
	ObserverIATAWhitelist []string          `json:"observerIATAWhitelist"`
	ObserverBlacklist     []string          `json:"observerBlacklist"`
	GeoFilter             GeoFilter         `json:"geo_filter"`
	ForeignAdverts        ForeignAdverts    `json:"foreignAdverts"`
	ClientRxCoverage      ClientRxCoverage  `json:"clientRxCoverage"`
	Retention             Retention         `json:"retention"`
	NeighborEdgesMaxDays  int               `json:"neighborEdgesMaxAgeDays"`
	Metrics               Metrics           `json:"metrics"`
	DB                    DB                `json:"db"`
	Runtime               Runtime           `json:"runtime"`
	Hub                   Hub               `json:"hub"`

	file   string            // the operator's file; "" when there is none
	origin map[string]string // key to where it was set: file:line:column, or a variable

	strangers []string // variables that are ours, or look so, and set nothing
}

// LegacySource is CoreScope's older form of one source.
type LegacySource struct {
	Broker string `json:"broker"`
	Topic  string `json:"topic"`
}

// GeoFilter is the area that nodes should be in. Degrees and kilometres.
type GeoFilter struct {
	Polygon  [][]float64 `json:"polygon"` // [latitude, longitude] each
	BufferKm float64     `json:"bufferKm"`
	LatMin   *float64    `json:"latMin"`
	LatMax   *float64    `json:"latMax"`
	LonMin   *float64    `json:"lonMin"`
	LonMax   *float64    `json:"lonMax"`
}

// ForeignAdverts says what becomes of adverts from outside the area.
type ForeignAdverts struct {
	Mode string `json:"mode"`
}

// ClientRxCoverage is about receptions of roaming clients.
type ClientRxCoverage struct {
	Enabled bool `json:"enabled"`
}

// Metrics is about the numbers that observers report.
type Metrics struct {
	SampleIntervalSec int `json:"sampleIntervalSec"`
}

// DB is about the database file.
type DB struct {
	VacuumOnStartup        bool `json:"vacuumOnStartup"`
	IncrementalVacuumPages int  `json:"incrementalVacuumPages"`
}

// Runtime is about the Go runtime.
type Runtime struct {
	MaxMemoryMB int `json:"maxMemoryMB"` // MiB; 0: what suits the machine
}

// Hub holds what only the hub has.
type Hub struct {
	Broker    Broker    `json:"broker"`
	Bridges   Bridges   `json:"bridges"`
	Sources   Sources   `json:"sources"`
	Console   Console   `json:"console"`
	Store     Store     `json:"store"`
	CoreScope CoreScope `json:"corescope"`
	Log       Log       `json:"log"`
}

// Broker is the MQTT side.
type Broker struct {
	Listen         []Listener `json:"listen"`
	TLS            TLS        `json:"tls"`
	TrustedProxies []string   `json:"trustedProxies"`
	Origins        []string   `json:"origins"`
	IATAFilter     []string   `json:"iataFilter"`
	Auth           Auth       `json:"auth"`

	Observers     Observers `json:"observers"`
	ObserversFile string    `json:"observersFile"`
	Limits        Limits    `json:"limits"`
}

// Limits bound what one observer may send.
type Limits struct {
	MessagesPerSecond int      `json:"messagesPerSecond"`
	MessagesAtOnce    int      `json:"messagesAtOnce"`
	MuteFor           Duration `json:"muteFor"`
}

// TLS is the certificate of the tls:// and wss:// listeners: from files, or from
// a certificate authority for domains.
type TLS struct {
	CertFile   string   `json:"certFile"`
	KeyFile    string   `json:"keyFile"`
	Domains    []string `json:"domains"`
	Agree      bool     `json:"agree"`
	Email      string   `json:"email"`
	CA         string   `json:"ca"`
	CARootFile string   `json:"caRootFile"`
	HTTPListen string   `json:"httpListen"`
}

// Auth says who may connect.
type Auth struct {
	Anonymous Anonymous `json:"anonymous"`
	UsersFile string    `json:"usersFile"`
	Token     Token     `json:"token"`
}

// Token says which device tokens are accepted.
type Token struct {
	Audiences   []string `json:"audiences"`
	MaxLifetime Duration `json:"maxLifetime"`
}

// Bridges is about all bridges.
type Bridges struct {
	Silence Duration `json:"silence"`
}

// Console is the HTTP side.
type Console struct {
	Listen    string      `json:"listen"`
	MQTT      bool        `json:"mqtt"`
	Auth      ConsoleAuth `json:"auth"`
	Hosts     []string    `json:"hosts"`
	CoreScope string      `json:"coreScope"`
	PProf     bool        `json:"pprof"`
}

// Store is the database.
type Store struct {
	CommitInterval Duration `json:"commitInterval"`
}

// CoreScope is what CoreScope's web server is told beside the database.
type CoreScope struct {
	StatsFile string `json:"statsFile"`
}

// Log is the log on standard error.
type Log struct {
	Level LogLevel `json:"level"`
}

// Default is default.json as a Config.
func Default() *Config {
	c := &Config{origin: map[string]string{}}
	if err := c.decode("default.json", defaultJSON); err != nil {
		panic("embedded default.json: " + err.Error())
	}
	clear(c.origin)
	return c
}

// File is the operator's file that was read, "" when there was none.
func (c *Config) File() string { return c.file }

// SampleInterval is the width of a bucket of observer_metrics.
func (c *Config) SampleInterval() time.Duration {
	return seconds(c.Metrics.SampleIntervalSec, 300)
}
