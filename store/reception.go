package store

import "time"

// ClientReception is one hearing by a roaming client, a phone with a radio,
// and where that was. A record with one has no other part and no observer.
type ClientReception struct {
	Client      string   // its public key or a beginning of it, 2 to 64 lower-case hex digits
	ClientName  string   // "" when the message had none; never overwrites
	HeardKey    string   // public key or path hash of the node that was heard, lower-case hex
	HeardKeyLen int      // bytes of HeardKey
	RSSI        *int64   // dBm
	SNR         *float64 // dB
	Lat, Lon    float64  // degrees, of the client
	AccuracyM   *float64 // metres
	HeardAt     time.Time
	FromAdvert  bool // heard directly from the node that advertised; else a relay, by the path
}
