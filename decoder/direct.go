package decoder

// Sealed is the outer layout that REQ, RESPONSE, TXT_MSG and PATH share.
// Source: firmware Mesh.cpp, createDatagram.
type Sealed struct {
	Dest       uint8 // first byte of the receiver's public key
	Source     uint8 // first byte of the sender's public key
	MAC        [2]byte
	Ciphertext []byte
}

type (
	// Request is a REQ, sealed.
	Request struct{ Sealed }
	// Response is a RESPONSE, sealed.
	Response struct{ Sealed }
	// Text is a direct TXT_MSG, sealed.
	Text struct{ Sealed }
	// ReturnedPath is a PATH, sealed: the payload type, not a packet's route.
	ReturnedPath struct{ Sealed }
)

// AnonRequest is an ANON_REQ: sealed for Dest by a sender that shows its key.
// Source: firmware Mesh.cpp, createAnonDatagram.
type AnonRequest struct {
	Dest       uint8 // first byte of the receiver's public key
	SenderKey  [32]byte
	MAC        [2]byte
	Ciphertext []byte
}

// Type is REQ.
func (*Request) Type() PayloadType { return TypeRequest }

// Type is RESPONSE.
func (*Response) Type() PayloadType { return TypeResponse }

// Type is TXT_MSG.
func (*Text) Type() PayloadType { return TypeText }

// Type is PATH.
func (*ReturnedPath) Type() PayloadType { return TypePath }

// Type is ANON_REQ.
func (*AnonRequest) Type() PayloadType { return TypeAnonRequest }

func readSealed(c *cursor) Sealed {
	s := Sealed{Dest: c.uint8("destination hash"), Source: c.uint8("source hash")}
	copy(s.MAC[:], c.bytes("MAC", len(s.MAC)))
	s.Ciphertext = c.rest("ciphertext")
	return s
}

func readAnonRequest(c *cursor) *AnonRequest {
	a := &AnonRequest{Dest: c.uint8("destination hash")}
	copy(a.SenderKey[:], c.bytes("sender key", len(a.SenderKey)))
	copy(a.MAC[:], c.bytes("MAC", len(a.MAC)))
	a.Ciphertext = c.rest("ciphertext")
	return a
}
