package decoder

import (
	"crypto/ed25519"
	"encoding/binary"
)

// MaxAppDataSize is the most appdata bytes of an advert that count. What is
// longer is cut before it is verified and read.
// Source: firmware MeshCore.h, MAX_ADVERT_DATA_SIZE; Mesh.cpp, onRecvPacket.
const MaxAppDataSize = 32

// Advert is a node's signed announcement of itself.
type Advert struct {
	PublicKey [32]byte
	Timestamp uint32 // seconds, the node's clock
	Signature [64]byte
	AppData   []byte // cut to 32 bytes, as the firmware does before it verifies
	Cut       bool   // more than 32 bytes of appdata came

	// Info is what AppData says; nil when AppData is empty or Err is set.
	Info *AdvertInfo
	// Err is set when AppData is shorter than its flags claim.
	Err error
}

// AdvertInfo is the application data of an advert.
// Source: firmware AdvertDataHelpers.cpp, AdvertDataParser.
type AdvertInfo struct {
	Flags       uint8
	Role        Role // low nibble of Flags
	HasLocation bool
	LatitudeE6  int32 // degrees x 1e6, positive north
	LongitudeE6 int32 // degrees x 1e6, positive east
	HasFeat1    bool
	Feat1       uint16
	HasFeat2    bool
	Feat2       uint16
	HasName     bool
	NameField   []byte // all that follows; Name stops at its first NUL
}

// AdvertFlags is the first byte of AppData: the role and which fields follow.
// Source: firmware AdvertDataHelpers.h.
type AdvertFlags uint8

// Role is the low nibble.
func (f AdvertFlags) Role() Role { return Role(f & 0x0F) }

// HasLocation says whether latitude and longitude follow.
func (f AdvertFlags) HasLocation() bool { return f&0x10 != 0 }

// HasFeat1 says whether the first feature word follows.
func (f AdvertFlags) HasFeat1() bool { return f&0x20 != 0 }

// HasFeat2 says whether the second feature word follows.
func (f AdvertFlags) HasFeat2() bool { return f&0x40 != 0 }

// HasName says whether all the rest is the name.
func (f AdvertFlags) HasName() bool { return f&0x80 != 0 }

// Type is ADVERT.
func (*Advert) Type() PayloadType { return TypeAdvert }

// Verify checks the signature over key, timestamp and the cut appdata.
func (a *Advert) Verify() bool {
	msg := make([]byte, 0, len(a.PublicKey)+4+MaxAppDataSize)
	msg = append(msg, a.PublicKey[:]...)
	msg = binary.LittleEndian.AppendUint32(msg, a.Timestamp)
	msg = append(msg, a.AppData...)
	return ed25519.Verify(a.PublicKey[:], msg, a.Signature[:])
}

// Name is NameField to its first NUL, as bytes of the wire (not checked UTF-8).
func (i *AdvertInfo) Name() []byte { return cString(i.NameField) }

// Latitude in degrees, positive north.
func (i *AdvertInfo) Latitude() float64 { return float64(i.LatitudeE6) / 1e6 }

// Longitude in degrees, positive east.
func (i *AdvertInfo) Longitude() float64 { return float64(i.LongitudeE6) / 1e6 }

// advertWithInfo keeps an advert and what it says in one allocation.
type advertWithInfo struct {
	Advert
	info AdvertInfo
}

func readAdvert(c *cursor) *Advert {
	box := new(advertWithInfo)
	a := &box.Advert
	copy(a.PublicKey[:], c.bytes("public key", len(a.PublicKey)))
	a.Timestamp = c.uint32("timestamp")
	copy(a.Signature[:], c.bytes("signature", len(a.Signature)))
	a.Cut = c.left() > MaxAppDataSize
	app := c.part(MaxAppDataSize)
	a.AppData = app.ahead()
	if app.left() == 0 {
		return a
	}
	if a.Err = box.info.read(&app); a.Err == nil {
		a.Info = &box.info
	}
	return a
}

func (i *AdvertInfo) read(c *cursor) error {
	i.Flags = c.uint8("flags")
	flags := AdvertFlags(i.Flags)
	i.Role = flags.Role()
	i.HasLocation = flags.HasLocation()
	i.HasFeat1 = flags.HasFeat1()
	i.HasFeat2 = flags.HasFeat2()
	i.HasName = flags.HasName()
	if i.HasLocation {
		i.LatitudeE6 = c.int32("latitude")
		i.LongitudeE6 = c.int32("longitude")
	}
	if i.HasFeat1 {
		i.Feat1 = c.uint16("feature 1")
	}
	if i.HasFeat2 {
		i.Feat2 = c.uint16("feature 2")
	}
	if i.HasName {
		i.NameField = c.rest("name")
		if c.fields != nil {
			c.note(i.Name())
		}
	}
	return c.err()
}
