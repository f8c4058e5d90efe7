package ingest

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"corescope-hub/store"
)

const (
	gpsMember   = `"gps":{"lat":51.05,"lon":3.72,"acc_m":8}`
	relayedHex  = "0942AABBCCDDA1B2C3D459F60718293A4B5C6D7E8F901122" // FLOOD TXT_MSG over AABB, CCDD
	clientTopic = "meshcore/client/" + alpha + "/packets"
)

// heard is a client's message with a frame, its position, and more members.
func heard(frame string, members ...string) Message {
	m := packet(frame, append([]string{`"direction":"rx"`, gpsMember}, members...)...)
	m.Topic = clientTopic
	return m
}

func clientOptions() Options {
	opts := DefaultOptions()
	opts.ClientReceptions = true
	return opts
}

func TestClientReception(t *testing.T) {
	t.Parallel()
	client := strings.ToLower(alpha)
	node := hex.EncodeToString(nodeKey()[32:])
	zeroHop := upper(advertFrame(appdata(0x82, []byte("N"))))
	forged := advertFrame(nil)
	forged[50] ^= 1
	relay := store.ClientReception{Client: client, HeardKey: "ccdd", HeardKeyLen: 2, Lat: 51.05, Lon: 3.72, AccuracyM: ptr(8.0), HeardAt: noon}
	direct := relay
	direct.HeardKey, direct.HeardKeyLen, direct.FromAdvert = node, 32, true
	with := func(r store.ClientReception, change func(*store.ClientReception)) store.ClientReception {
		change(&r)
		return r
	}
	tests := []struct {
		name string
		m    Message
		want store.ClientReception
	}{
		{"the last relay", heard(relayedHex), relay},
		{"a hash of three bytes", heard("0981AABBCC"), with(relay, func(r *store.ClientReception) { r.HeardKey, r.HeardKeyLen = "aabbcc", 3 })},
		{"a payload stripped for privacy", heard("0941CCDD"), relay},
		{"transport flood", heard("081111222241CCDD"), relay},
		{"a flood advert over a relay", heard("1141CCDD" + zeroHop[4:]), relay},
		{"a node itself", heard(zeroHop), direct},
		{"a node itself, direct", heard("12" + zeroHop[2:]), direct},
		{"a signature is not asked for", heard(upper(forged)), direct},
		{"readings", heard(relayedHex, `"origin":"Mob\u0007","SNR":-7.25,"RSSI":-92.7`), with(relay, func(r *store.ClientReception) {
			r.ClientName, r.SNR, r.RSSI = "Mob", ptr(-7.25), ptr(int64(-92))
		})},
		{"readings as texts", heard(relayedHex, `"snr":"-7.25","rssi":"-92 dBm"`), with(relay, func(r *store.ClientReception) {
			r.SNR, r.RSSI = ptr(-7.25), ptr(int64(-92))
		})},
		{"its own time", heard(relayedHex, `"timestamp":"2026-11-24T09:00:00Z"`), with(relay, func(r *store.ClientReception) { r.HeardAt = noon.Add(-3 * time.Hour) })},
		{"a time that cannot be", heard(relayedHex, `"timestamp":"2026-11-24T13:00:00Z"`), relay},
		{"the last gps counts", heard(relayedHex, `"gps":{"lat":"-90","lon":180}`), with(relay, func(r *store.ClientReception) {
			r.Lat, r.Lon, r.AccuracyM = -90, 180, nil
		})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, verdict := ingestOne(t, clientOptions(), tt.m)
			if verdict.Outcome != Stored || rec.Reception == nil {
				t.Fatalf("verdict %+v, record %+v", verdict, rec)
			}
			want := store.Record{ReceivedAt: noon, Reception: &tt.want}
			if show(rec) != show(want) {
				t.Errorf("record\n got %s\nwant %s", show(rec), show(want))
			}
		})
	}
}

func TestWhatTellsNothingOfCoverageIsCounted(t *testing.T) {
	t.Parallel()
	at := func(topic string) Message {
		m := heard(relayedHex)
		m.Topic = topic
		return m
	}
	without := func(members ...string) Message {
		m := packet(relayedHex, members...)
		m.Topic = clientTopic
		return m
	}
	shared := "1300000000" + upper(advertFrame(nil))[2:]
	tests := []struct {
		name    string
		m       Message
		outcome Outcome
		want    Reason
	}{
		{"no position", without(`"direction":"rx"`), Passed, ReasonNoPosition},
		{"half a position", heard(relayedHex, `"gps":{"lat":51}`), Passed, ReasonNoPosition},
		{"a position that is no object", heard(relayedHex, `"gps":[51,3]`), Passed, ReasonNoPosition},
		{"no fix", heard(relayedHex, `"gps":{"lat":null,"lon":null}`), Passed, ReasonNoPosition},
		{"too far north", heard(relayedHex, `"gps":{"lat":90.1,"lon":3}`), Worthless, ReasonBadPosition},
		{"too far west", heard(relayedHex, `"gps":{"lat":51,"lon":-180.1}`), Worthless, ReasonBadPosition},
		{"sent", heard(relayedHex, `"direction":"tx"`), Passed, ReasonNotHeard},
		{"neither sent nor heard", without(gpsMember), Passed, ReasonNotHeard},
		{"a hash of one byte", heard(textHex), Passed, ReasonNoHeardKey},
		{"direct", heard("0A42AABBCCDDA1B2C3D4"), Passed, ReasonNoHeardKey},
		{"no hops and no advert", heard("0900A1B2C3D4"), Passed, ReasonNoHeardKey},
		{"a trace by flood", heard("2542AABBCCDD010203040506070801AABB"), Passed, ReasonNoHeardKey},
		{"a shared contact", heard(shared), Passed, ReasonNoHeardKey},
		{"an advert too short for a key", heard("1100AABB"), Passed, ReasonNoHeardKey},
		{"no raw", Message{Topic: clientTopic, Payload: []byte(`{"direction":"rx",` + gpsMember + `}`)}, Worthless, ReasonNoRaw},
		{"not hex", heard("zz"), Worthless, ReasonBadHex},
		{"no frame", heard("0942AA"), Worthless, ReasonBadFrame},
		{"another version", heard("4900"), Worthless, ReasonBadVersion},
		{"not JSON", Message{Topic: clientTopic, Payload: []byte(`RX`)}, Worthless, ReasonBadJSON},
		{"a key that is not hex", at("meshcore/client/not-hex!/packets"), Passed, ReasonBadTopic},
		{"a key of one digit", at("meshcore/client/a/packets"), Passed, ReasonBadTopic},
		{"a key too long", at("meshcore/client/" + alpha + "aa/packets"), Passed, ReasonBadTopic},
		{"no key", at("meshcore/client//packets"), Passed, ReasonBadTopic},
		{"radio settings", at("meshcore/client/" + alpha + "/rf"), Passed, ReasonNotForUs},
		{"a blacklisted client", at("meshcore/client/00FF00FF/packets"), Worthless, ReasonBlacklisted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := clientOptions()
			opts.ObserverBlacklist = []string{"00ff00ff"}
			rec, got := ingestOne(t, opts, tt.m)
			if got != (Verdict{Outcome: tt.outcome, Reason: tt.want}) || rec != nil {
				t.Errorf("verdict %+v, record %+v, want %d %q", got, rec, tt.outcome, tt.want)
			}
		})
	}
}

func TestRegionsDoNotHoldForClients(t *testing.T) {
	t.Parallel()
	opts := clientOptions()
	opts.IATAFilter, opts.IATAWhitelist = []string{"SEA"}, []string{"SEA"}
	if _, got := ingestOne(t, opts, heard(relayedHex)); got.Outcome != Stored {
		t.Errorf("verdict %+v", got)
	}
}
