package decoder

import "bytes"

// OwnerInfo is a repeater's firmware version, name and owner, as bytes of the
// wire (not checked UTF-8). A field that did not come is nil.
// Source: firmware simple_repeater/MyMesh.cpp, handleRequest.
type OwnerInfo struct {
	Firmware []byte
	Name     []byte
	Owner    []byte // may have more than one line
}

// AnonOwner is a repeater's name and owner, told to anybody.
// Source: firmware simple_repeater/MyMesh.cpp, handleAnonOwnerReq.
type AnonOwner struct {
	Clock uint32 // seconds, the repeater's clock
	Name  []byte
	Owner []byte // nil when it did not come
}

// AnonRegions lists the regions that a repeater lets floods pass in.
// Source: firmware simple_repeater/MyMesh.cpp, handleAnonRegionsReq.
type AnonRegions struct {
	Clock uint32   // seconds, the repeater's clock
	Names [][]byte // without '#'; "*" stands for floods without a scope
}

// AnonClock is a repeater's clock and a few of its settings.
// Source: firmware simple_repeater/MyMesh.cpp, handleAnonClockReq.
type AnonClock struct {
	Clock    uint32 // seconds, the repeater's clock
	Features uint8
}

// Bridge is what else a repeater is connected to.
type Bridge uint8

// The bridges there are: bits 0 and 1 of AnonClock.Features.
const (
	BridgeNone   Bridge = 0
	BridgeRS232  Bridge = 1
	BridgeESPNow Bridge = 3
)

// Bridge is what else the repeater is connected to.
func (a *AnonClock) Bridge() Bridge { return Bridge(a.Features & 3) }

// ForwardingDisabled says that the repeater does not repeat.
func (a *AnonClock) ForwardingDisabled() bool { return a.Features&0x80 != 0 }

// Kind is ResponseOwner.
func (*OwnerInfo) Kind() ResponseKind { return ResponseOwner }

// Kind is ResponseAnonOwner.
func (*AnonOwner) Kind() ResponseKind { return ResponseAnonOwner }

// Kind is ResponseAnonRegions.
func (*AnonRegions) Kind() ResponseKind { return ResponseAnonRegions }

// Kind is ResponseAnonClock.
func (*AnonClock) Kind() ResponseKind { return ResponseAnonClock }

func readOwnerInfo(c *cursor, _ Hint) (Answer, error) {
	version, more, _ := bytes.Cut(c.text("text"), newline)
	o := &OwnerInfo{Firmware: version}
	o.Name, o.Owner = nameAndOwner(more)
	return answer(o, c)
}

func readAnonOwner(c *cursor, _ Hint) (Answer, error) {
	o := &AnonOwner{Clock: c.uint32("clock")}
	o.Name, o.Owner = nameAndOwner(c.text("text"))
	return answer(o, c)
}

func readAnonRegions(c *cursor, _ Hint) (Answer, error) {
	r := &AnonRegions{Clock: c.uint32("clock")}
	if names := c.text("names"); len(names) > 0 {
		r.Names = bytes.Split(names, []byte{','})
	}
	return answer(r, c)
}

func readAnonClock(c *cursor, _ Hint) (Answer, error) {
	return answer(&AnonClock{Clock: c.uint32("clock"), Features: c.uint8("features")}, c)
}

var newline = []byte{'\n'}

// nameAndOwner cuts text at its first newline; what is not there is nil.
func nameAndOwner(text []byte) (name, owner []byte) {
	name, owner, _ = bytes.Cut(text, newline)
	return name, owner
}
