package store

import (
	"fmt"
	"math"
	"time"
)

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

const (
	insertReception = `INSERT INTO client_receptions
		(rx_pubkey, heard_key, heard_keylen, rssi, snr, lat, lon, pos_acc_m, rx_at, ingested_at, src)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT(rx_pubkey, heard_key, rx_at) DO NOTHING`

	upsertClient = `INSERT INTO client_observers (pubkey, name, last_seen) VALUES (?1, ?2, ?3)
		ON CONFLICT(pubkey) DO UPDATE SET name = ?2, last_seen = ?3`
)

// reception stores what a roaming client heard. The same client, node and
// second again is a repeat. client_observers knows the clients that have told a
// name.
func (l *ledger) reception(r *Record) (Result, error) {
	c, at := r.Reception, l.text.format(r.ReceivedAt)
	src := "rxlog"
	if c.FromAdvert {
		src = "advert"
	}
	did, err := l.conn.exec(insertReception, c.Client, c.HeardKey, int64(c.HeardKeyLen), deref(c.RSSI), deref(c.SNR),
		c.Lat, c.Lon, deref(c.AccuracyM), c.HeardAt.UTC().Format(timeLayout), at, src)
	if err != nil {
		return Result{}, fmt.Errorf("insert client reception: %w", err)
	}
	if c.ClientName != "" {
		if _, err := l.conn.exec(upsertClient, c.Client, c.ClientName, at); err != nil {
			return Result{}, fmt.Errorf("write client: %w", err)
		}
	}
	return Result{Duplicate: did.rows == 0}, nil
}

// check finds a reception that contradicts itself.
func (c *ClientReception) check() error {
	switch {
	case !isLowerHex(c.Client) || len(c.Client) < 2 || len(c.Client) > 64:
		return fmt.Errorf("%w: client %.64q is not 2 to 64 lower-case hex digits", ErrBadRecord, c.Client)
	case !isLowerHex(c.HeardKey) || c.HeardKey == "" || len(c.HeardKey) != 2*c.HeardKeyLen:
		return fmt.Errorf("%w: heard key %.64q is not %d bytes in lower-case hex digits", ErrBadRecord, c.HeardKey, c.HeardKeyLen)
	case !(math.Abs(c.Lat) <= 90) || !(math.Abs(c.Lon) <= 180): // not a number is neither
		return fmt.Errorf("%w: a client at %v, %v degrees", ErrBadRecord, c.Lat, c.Lon)
	case c.HeardAt.IsZero():
		return fmt.Errorf("%w: no time heard", ErrBadRecord)
	}
	return nil
}
