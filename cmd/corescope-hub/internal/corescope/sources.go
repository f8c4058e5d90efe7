package corescope

import (
	"time"

	"corescope-hub/broker"
	"corescope-hub/ingest"
)

// sourceStatus is what the stats file says of one source. Times are Unix
// seconds, 0 for never.
type sourceStatus struct {
	Name               string `json:"name"`
	Broker             string `json:"broker"`
	Connected          bool   `json:"connected"`
	LastConnectUnix    int64  `json:"lastConnectUnix"`
	LastDisconnectUnix int64  `json:"lastDisconnectUnix"`
	LastPacketUnix     int64  `json:"lastPacketUnix"`
	ConnectCount       int64  `json:"connectCount"`
	DisconnectCount    int64  `json:"disconnectCount"`
	PacketsTotal       int64  `json:"packetsTotal"` // messages
	PacketsLast5m      int64  `json:"packetsLast5m"`
	LastError          string `json:"lastError,omitempty"`
}

// liveness is when a source last brought a message, and when one of its messages
// was last stored. Unix seconds.
type liveness struct {
	LastReceiptUnix int64 `json:"lastReceiptUnix"`
	LastMessageUnix int64 `json:"lastMessageUnix"`
}

// sourceWatch makes times of the counters of one source, by looking at them
// every second.
type sourceWatch struct {
	status  sourceStatus
	live    liveness
	stored  uint64
	recent  recently
	listens bool // a listener of the hub
}

func newSourceWatch(s Source, now time.Time) *sourceWatch {
	w := &sourceWatch{status: sourceStatus{Name: s.Name, Broker: s.Broker}, listens: !s.Bridge}
	if w.listens { // it is open before anybody looks, or the hub does not run
		w.status.Connected, w.status.ConnectCount, w.status.LastConnectUnix = true, 1, now.Unix()
	}
	return w
}

// look takes down what the counters say now. bridge is nil for a listener.
func (w *sourceWatch) look(now time.Time, c ingest.Counts, bridge *broker.UpstreamStats) {
	at := now.Unix()
	if received := int64(c.Received); received > w.status.PacketsTotal {
		w.recent.add(at, received-w.status.PacketsTotal)
		w.status.PacketsTotal, w.status.LastPacketUnix, w.live.LastReceiptUnix = received, at, at
	}
	w.status.PacketsLast5m = w.recent.sum(at)
	if c.Stored > w.stored {
		w.stored, w.live.LastMessageUnix = c.Stored, at
	}
	if bridge == nil {
		return
	}
	if bridge.Connects > w.status.ConnectCount {
		w.status.ConnectCount, w.status.LastConnectUnix = bridge.Connects, at
	}
	ended := bridge.Connects
	if bridge.Connected {
		ended--
	}
	if ended > w.status.DisconnectCount {
		w.status.DisconnectCount, w.status.LastDisconnectUnix = ended, at
	}
	w.status.Connected, w.status.LastError = bridge.Connected, ""
	if !bridge.Connected { // the last error is the reason why only while it lasts
		w.status.LastError = bridge.LastError
	}
}

// recently counts by the second over the last five minutes.
type recently struct {
	second [300]int64 // Unix, that the count of the same index is of
	count  [300]int64
}

func (r *recently) add(at, n int64) {
	i := at % int64(len(r.second))
	if r.second[i] != at {
		r.second[i], r.count[i] = at, 0
	}
	r.count[i] += n
}

func (r *recently) sum(at int64) (n int64) {
	for i, second := range r.second {
		if second <= at && second > at-int64(len(r.second)) {
			n += r.count[i]
		}
	}
	return n
}
