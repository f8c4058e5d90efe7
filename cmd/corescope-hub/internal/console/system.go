package console

import (
	"context"
	"slices"
	"time"

	"corescope-hub/store"
)

// Site is what does not change while the hub runs.
type Site struct {
	Name       string    // of the machine
	Version    string    // of the hub
	Platform   string    // operating system and processor
	Started    time.Time // the hub
	Database   string    // path
	ConfigFile string    // "" for none
	Settings   []Setting
	PacketDays int    // retention of packets; 0 for ever
	Admission  string // who may publish, in words
	OpenToLAN  bool   // the local network may publish without a login
	Host       string // under which observers reach the hub; "" when nobody knows
	CoreScope  string // URL of CoreScope's pages; "" for none
}

// Setting is one setting as it is used. Secrets are hidden.
type Setting struct {
	Path    string `json:"path"`
	Value   string `json:"value"`   // JSON
	Changed bool   `json:"changed"` // not the default
	Default string `json:"default"` // JSON
}

// systemPage is what the system page shows.
type systemPage struct {
	Now           time.Time      `json:"now"`
	Version       string         `json:"version"`
	Platform      string         `json:"platform"`
	Host          string         `json:"host"`
	Started       time.Time      `json:"started"`
	Database      string         `json:"database"`
	ConfigFile    string         `json:"configFile"`
	Settings      []Setting      `json:"settings"`
	Backup        string         `json:"backup"` // "", running
	NotReady      []string       `json:"notReady"`
	DatabaseBytes int64          `json:"databaseBytes"`
	WALBytes      int64          `json:"walBytes"`
	Disk          *Disk          `json:"disk"` // null when the system does not tell
	Growth        *Growth        `json:"growth"`
	Commits       []CommitMinute `json:"commits"`
	CommitMedian  float64        `json:"commitMedianMs"` // of the last hour
	CommitP99     float64        `json:"commitP99Ms"`
	Queue         int            `json:"queue"`
	QueuePeak     int            `json:"queuePeak"` // today
	QueueMost     int            `json:"queueMost"`
	NotStored     uint64         `json:"notStored"` // records told to come again
	Batches       uint64         `json:"batches"`
	BatchRecords  uint64         `json:"batchRecords"`
	Memory        uint64         `json:"memoryBytes"`
	PacketDays    int            `json:"packetDays"`
	MayChange     bool           `json:"mayChange"`
}

// Growth is how the database grows.
type Growth struct {
	store.Counts
	BytesPerDay float64   `json:"bytesPerDay"` // median of the last 7 days
	DaysLeft    *float64  `json:"daysLeft"`    // null when it does not grow, or nobody can tell
	History     []float64 `json:"history"`     // bytes at the end of each of the last 30 days and now, by the rows that are kept
}

const (
	growthAge  = 30 * time.Second
	growthDays = 30
)

// readGrowth estimates from how many rows are of which day. A database of less
// than a day has no growth to speak of.
func (s *server) readGrowth(ctx context.Context) (*Growth, error) {
	now := time.Now()
	counts, err := s.store().Counts(ctx, now, growthDays)
	if err != nil {
		return nil, err
	}
	g := &Growth{Counts: counts, History: []float64{}}
	stats := s.store().Stats()
	size := float64(max(stats.DatabaseBytes, stats.WALBytes)) // a young database is in the WAL alone
	each := 0.0
	if counts.Observations > 0 {
		each = size / float64(counts.Observations)
	}
	for _, n := range counts.Daily {
		g.History = append(g.History, each*float64(n))
	}
	var days []float64
	for i := len(counts.Daily) - 1; i > 0 && len(days) < 7; i-- {
		if n := counts.Daily[i] - counts.Daily[i-1]; counts.Daily[i-1] > 0 && n > 0 {
			days = append(days, each*float64(n))
		}
	}
	if slices.Sort(days); len(days) > 0 {
		g.BytesPerDay = days[len(days)/2]
	}
	if disk, err := diskOf(s.site.Database); err == nil && g.BytesPerDay > 0 {
		left := float64(disk.FreeBytes) / g.BytesPerDay
		if s.site.PacketDays > 0 && float64(disk.FreeBytes)+size > g.BytesPerDay*float64(s.site.PacketDays) {
			return g, nil // what is deleted makes room for what comes
		}
		g.DaysLeft = &left
	}
	return g, nil
}

// systemState makes the page.
func (s *server) systemState(ctx context.Context, mayChange bool) (*systemPage, error) {
	growth, err := s.growth.get(ctx)
	if err != nil {
		return nil, err
	}
	stats := s.store().Stats()
	p := &systemPage{
		Now: time.Now().UTC(), Version: s.site.Version, Platform: s.site.Platform, Host: s.site.Name, Started: s.site.Started,
		Database: s.site.Database, ConfigFile: s.site.ConfigFile, Settings: s.site.Settings,
		NotReady: s.notReady(), DatabaseBytes: stats.DatabaseBytes, WALBytes: stats.WALBytes, Growth: growth,
		Queue: stats.QueueDepth, QueueMost: stats.QueueCapacity, NotStored: stats.NotCommitted,
		Batches: stats.Commits, BatchRecords: stats.Records, PacketDays: s.site.PacketDays, MayChange: mayChange,
		CommitMedian: quantile(store.Histogram{}, stats.CommitSeconds, .5), CommitP99: quantile(store.Histogram{}, stats.CommitSeconds, .99),
		Memory: s.stats().Process.MemoryBytes,
	}
	p.Commits, p.QueuePeak = s.sampler.commits()
	if disk, err := diskOf(s.site.Database); err == nil {
		p.Disk = &disk
	}
	if s.backups.running() {
		p.Backup = "running"
	}
	return p, nil
}
