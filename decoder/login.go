package decoder

import "bytes"

// LoginAnswer answers a login. Source: firmware simple_repeater/MyMesh.cpp,
// handleLoginReq.
type LoginAnswer struct {
	// Legacy marks the answer of very old firmware, the letters "OK". The other
	// fields are then not set.
	Legacy bool

	Result        uint8       // 0 is success
	KeepAlive     uint8       // recommended interval in units of 16 seconds; 0 in newer firmware
	Admin         uint8       // 1 administrator; from a room server also 2, guest or read-only
	Permissions   Permissions // of the client
	Random        [4]byte     // makes packet hashes differ
	FirmwareLevel uint8       // 0 from firmware before 1.9, which does not send it
}

// Kind is ResponseLogin.
func (*LoginAnswer) Kind() ResponseKind { return ResponseLogin }

// OK says whether the login succeeded.
func (a *LoginAnswer) OK() bool { return a.Legacy || a.Result == 0 }

// Permissions are a client's rights on a node.
// Source: firmware ClientACL.h, PERM_ACL_*.
type Permissions uint8

// Role is 0 guest, 1 read-only, 2 read-write, 3 administrator.
func (p Permissions) Role() uint8 { return uint8(p) & 3 }

func readLoginAnswer(c *cursor, _ Hint) (Answer, error) {
	if bytes.HasPrefix(c.ahead(), []byte("OK")) {
		c.bytes("legacy OK", len("OK"))
		return &LoginAnswer{Legacy: true}, nil
	}
	a := &LoginAnswer{
		Result:      c.uint8("result"),
		KeepAlive:   c.uint8("keep-alive interval"),
		Admin:       c.uint8("administrator"),
		Permissions: Permissions(c.uint8("permissions")),
	}
	copy(a.Random[:], c.bytes("random", len(a.Random)))
	if c.left() > 0 {
		a.FirmwareLevel = c.uint8("firmware level")
	}
	return answer(a, c)
}
