package store

import "time"

// Record is all that one message taught us. It is stored whole, in one
// transaction, or not at all.
type Record struct {
	ReceivedAt   time.Time     // hub clock; every time column of the record is this, unless said otherwise
	Observer     Observer      // who told us
	Transmission *Transmission // nil unless the message carried a packet that is kept
	Observation  *Observation  // set if and only if Transmission is
	Advert       *NodeAdvert   // nil unless a verified advert with readable appdata
	Status       *Status       // nil unless a status message
	Drop         *Drop         // a packet that was refused; then Transmission, Advert and Status are nil and the observer row is not touched

	Adjacent  []Adjacency      // who heard whom, as the packet's path shows
	Reception *ClientReception // a roaming client's; then the rest, ReceivedAt aside, is empty

	// Urgent is set when its sender has nothing more to send before it is
	// answered: then Options.CommitInterval is not waited for.
	Urgent bool
}

// Observer is the station that reports.
type Observer struct {
	ID   string // as in the topic; 64 hex digits are upper case. "" names nobody: no row, observer_idx NULL
	Name string // "" when the message had none; never overwrites a stored name
	IATA string // upper case; "" when unknown, never overwrites

	// Heard is false for a message that proves nothing about the observer being
	// there now: an offline last will, an upstream's retained replay. Then
	// last_seen and packet_count stay.
	Heard bool

	// NaiveSkew is set when the observer's clock has no zone and is more than
	// 15 minutes off: its clock minus the hub's.
	NaiveSkew *time.Duration
}

// Transmission is a packet by content.
type Transmission struct {
	Hash           string // 16 lower-case hex digits
	Raw            []byte // the frame; empty for messages of a companion bridge
	RouteType      uint8
	PayloadType    uint8
	PayloadVersion uint8
	DecodedJSON    string
	ChannelHash    string    // GRP_TXT: channel name, or "enc_" and the channel hash; "" is NULL
	ScopeName      *string   // nil: not scoped (NULL); "": scoped, region unknown; else "#region"
	From           *[32]byte // adverts: the node's public key
}

// Observation is one observer hearing one transmission.
type Observation struct {
	Direction *string   // as sent: "rx", "tx"; nil is NULL
	SNR       *float64  // dB
	RSSI      *float64  // dBm
	Score     *int64    // 0 to 1000
	Hops      []byte    // path hashes, HopSize bytes each
	Sender    *[32]byte // adverts: who began the path, which helps to tell whom its first hash means
	HopSize   int       // bytes; any value when Hops is empty
	Travelled bool      // the packet has passed Hops: each of them relayed it. False for a route still to go
	Raw       []byte    // the frame as this observer heard it
}

// NodeAdvert is what a node said of itself.
type NodeAdvert struct {
	PublicKey    [32]byte
	Name         string // "" when the advert has none; never overwrites a stored name
	Role         string
	Lat, Lon     *float64 // degrees; nil keeps what is stored
	BatteryMV    *int64
	TemperatureC *float64
	Foreign      bool // outside the operator's geo filter; never cleared again
}

// Status is what an observer said of itself. Nil and "" keep what is stored.
type Status struct {
	Model         string
	Firmware      string
	ClientVersion string
	Radio         string
	CanRelay      *bool
	NoiseFloor    *float64 // dBm
	BatteryMV     *int64
	UptimeSecs    *int64
	TxAirSecs     *int64
	RxAirSecs     *int64
	RecvErrors    *int64
	PacketsSent   *int64
	PacketsRecv   *int64
}

// Drop is a packet that was refused, kept for the operator to look at.
type Drop struct {
	Reason   string
	Hash     string    // "" is NULL
	RawHex   string    // as received, bounded by ingest
	NodeKey  *[32]byte // adverts
	NodeName string
}

// Result tells what became of a committed record.
type Result struct {
	TransmissionID, ObservationID int64
	New                           bool // first time this transmission is seen
	Duplicate                     bool // redelivery of a known observation
	Refused                       bool // nothing is stored: the observer is new, and so were too many in one day
	NodeRefused                   bool // likewise the node of an advert; the rest is stored
}
