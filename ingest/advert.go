package ingest

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"corescope-hub/decoder"
	"corescope-hub/store"
)

// maxNodeName bounds a node's name, in bytes. The wire cannot carry more, but
// U+FFFD for a byte that is no UTF-8 takes three.
const maxNodeName = decoder.MaxAppDataSize

// refuseAdvert refuses an advert that says something impossible, that its key did
// not sign, or that comes from where the operator wants none; nil for one that is
// kept.
func (in *Ingester) refuseAdvert(adv *decoder.Advert) *refusal {
	if text := impossible(adv); text != "" {
		return &refusal{ReasonBadAdvert, text}
	}
	switch {
	case in.verify && !adv.Verify():
		return &refusal{ReasonBadSignature, "invalid signature"}
	case in.geo.Drop && in.geo.foreign(adv):
		return &refusal{ReasonGeo, "outside the geo filter"}
	}
	return nil
}

// dropAdvert makes rec say that the advert was refused.
func dropAdvert(rec *store.Record, raw []byte, said *meaning) *store.Record {
	rec = drop(rec, raw, said.refused.text)
	rec.Drop.Hash, rec.Drop.NodeKey, rec.Drop.NodeName = said.hash, said.from, said.node
	return rec
}

// impossible says what no honest node would announce; "" when there is nothing.
// Source: CoreScope's ValidateAdvert. Its other rules cannot fail here: names
// are cleaned and cut before, and every role has a word.
func impossible(adv *decoder.Advert) string {
	if adv.PublicKey == [32]byte{} {
		return "public key is all zeros"
	}
	if adv.Info == nil || !adv.Info.HasLocation {
		return ""
	}
	if lat := adv.Info.Latitude(); lat < -90 || lat > 90 {
		return fmt.Sprintf("invalid latitude %f", lat)
	}
	if lon := adv.Info.Longitude(); lon < -180 || lon > 180 {
		return fmt.Sprintf("invalid longitude %f", lon)
	}
	return ""
}

// nodeAdvert is what the node said of itself; nil when its appdata ends before
// what its flags claim.
func (in *Ingester) nodeAdvert(adv *decoder.Advert) *store.NodeAdvert {
	if adv.Err != nil {
		return nil
	}
	node := &store.NodeAdvert{
		PublicKey: adv.PublicKey,
		Name:      nodeName(adv),
		Role:      roleName(adv.Info),
		Foreign:   in.geo.foreign(adv),
	}
	if adv.Info != nil && adv.Info.HasLocation {
		lat, lon := adv.Info.Latitude(), adv.Info.Longitude()
		node.Lat, node.Lon = &lat, &lon
	}
	node.BatteryMV, node.TemperatureC = sensorReading(adv)
	return node
}

// roleName is CoreScope's word for the role; a node without appdata is a companion.
func roleName(info *decoder.AdvertInfo) string {
	if info == nil {
		return "companion"
	}
	switch info.Role {
	case decoder.RoleChat:
		return "companion"
	case decoder.RoleNone, decoder.RoleRepeater, decoder.RoleRoom, decoder.RoleSensor:
		return info.Role.String()
	}
	return fmt.Sprintf("type-%d", info.Role)
}

// nodeName is the node's name as UTF-8, without control characters except tab
// and line feed. Where the name fills the appdata, it may have been cut inside
// a character, by its sender (before firmware 1.17) or by the limit: that
// character is left out.
func nodeName(adv *decoder.Advert) string {
	if adv.Info == nil || !adv.Info.HasName {
		return ""
	}
	field := adv.Info.Name()
	if len(adv.AppData) == decoder.MaxAppDataSize && len(field) == len(adv.Info.NameField) {
		field = wholeRunes(field)
	}
	var name strings.Builder
	for _, r := range string(field) {
		if r < ' ' && r != '\t' && r != '\n' || r == 0x7F {
			continue
		}
		if name.Len()+utf8.RuneLen(r) > maxNodeName {
			break
		}
		name.WriteRune(r)
	}
	return name.String()
}

// wholeRunes is b without the start of a character at its end.
func wholeRunes(b []byte) []byte {
	for i := len(b) - 1; i >= 0 && len(b)-i < utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}

// sensorReading is what CoreScope reads behind the name of a sensor: battery in
// mV and temperature in hundredths of a degree, each only when plausible. The
// firmware itself sends no readings in adverts.
func sensorReading(adv *decoder.Advert) (batteryMV *int64, celsius *float64) {
	if adv.Info == nil || adv.Info.Role != decoder.RoleSensor {
		return nil, nil
	}
	rest := behindName(adv)
	if len(rest) < 4 {
		return nil, nil
	}
	if mv := int64(binary.LittleEndian.Uint16(rest)); mv >= 1 && mv <= 10000 {
		batteryMV = &mv
	}
	if t := int16(binary.LittleEndian.Uint16(rest[2:])); t >= -5000 && t <= 10000 {
		c := float64(t) / 100
		celsius = &c
	}
	return batteryMV, celsius
}

// behindName is the appdata behind the name and the NULs that end it.
func behindName(adv *decoder.Advert) []byte {
	info := adv.Info
	fixed := 1
	for _, part := range []struct {
		has  bool
		size int
	}{{info.HasLocation, 8}, {info.HasFeat1, 2}, {info.HasFeat2, 2}} {
		if part.has {
			fixed += part.size
		}
	}
	rest := adv.AppData[min(fixed, len(adv.AppData)):]
	if !info.HasName {
		return rest
	}
	rest = rest[len(info.Name()):]
	for len(rest) > 0 && rest[0] == 0 {
		rest = rest[1:]
	}
	return rest
}
