// Package report says what is in a frame as one JSON object, in the field names
// of the decoder's test vectors. Where the packet itself does not tell how to
// read it, the keys do: see Keys.
package report

import (
	"encoding/hex"
	"errors"

	"corescope-hub/decoder"
)

// Reporter reports frames with one set of keys. It is safe for concurrent use.
type Reporter struct {
	channels *decoder.Keyring
	regions  []decoder.Region // nil: do not report the region
	nodes    *decoder.AddressBook
	hint     decoder.Hint // not valid: leave responses unread
	destRole decoder.Role
}

// Hex reports the frame that s spells in hex digits of either case. Text that
// is not hex is refused with the reason "bad_hex".
func (r *Reporter) Hex(s string) Object {
	raw, err := hex.DecodeString(s)
	if err != nil {
		return refused("bad_hex")
	}
	return r.Frame(raw)
}

// Frame reports one frame: {"error":true,"reason":...} for one that the
// firmware's receiver drops, else all that is known of it.
func (r *Reporter) Frame(raw []byte) Object {
	p, err := decoder.Decode(raw)
	if err != nil {
		return refused(reason(err))
	}
	var o Object
	o.add("route_type", uint8(p.Route))
	o.add("route", p.Route.String())
	o.add("payload_type", uint8(p.Type()))
	o.add("payload_name", p.Type().String())
	o.add("version", p.Version)
	o.add("transport_codes", p.TransportCodes)
	o.add("path_len_byte", p.Path.LengthByte)
	o.add("path_hash_size", p.Path.HashSize())
	o.add("hop_count", p.Path.HopCount())
	o.add("path", path(p))
	o.add("payload_len", len(p.RawPayload))
	hash := p.Hash()
	o.add("packet_hash", hex.EncodeToString(hash[:]))
	if r.regions != nil && p.TransportCodes != nil {
		o.add("region", r.region(p))
	}
	if _, short := p.Payload.(*decoder.Incomplete); short {
		o.add("payload_error", "short")
	}
	if p.Path.MaybeLegacy() {
		o.add("path_maybe_legacy", true)
	}
	if p.IsShare() {
		o.add("share", true)
	}
	payload, warnings := r.payload(p)
	o.add("payload", payload)
	if warnings = append(p.Warnings(), warnings...); len(warnings) > 0 {
		o.add("warnings", warnings)
	}
	return o
}

func refused(reason string) Object {
	return Object{{"error", true}, {"reason", reason}}
}

// reason is the name of the rule that a refused frame broke.
func reason(err error) string {
	for _, r := range []struct {
		err  error
		name string
	}{
		{decoder.ErrEmpty, "empty"},
		{decoder.ErrTruncated, "truncated"},
		{decoder.ErrUnsupportedVersion, "unsupported_version"},
		{decoder.ErrReservedPathMode, "reserved_path_mode"},
		{decoder.ErrPathTooLong, "path_too_long"},
		{decoder.ErrPayloadTooLong, "payload_too_long"},
	} {
		if errors.Is(err, r.err) {
			return r.name
		}
	}
	return err.Error()
}

// path lists the path hashes; the path of a TRACE holds none.
func path(p *decoder.Packet) []string {
	if p.Type() == decoder.TypeTrace {
		return []string{}
	}
	return list(p.Path.HopCount(), p.Path.Hop)
}

func (r *Reporter) region(p *decoder.Packet) any {
	if region, ok := p.Scope(r.regions); ok {
		return region.Name
	}
	return nil
}
