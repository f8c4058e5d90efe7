package decoder

// Incomplete is a payload shorter than the firmware's minimum for its type:
// it is received, and then ignored.
type Incomplete struct {
	Of   PayloadType
	Need int // bytes, the firmware's minimum
	Data []byte
}

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
type AnonRequest struct {
	Dest       uint8
	SenderKey  [32]byte
	MAC        [2]byte
	Ciphertext []byte
}

// GroupSealed is the outer layout of GRP_TXT and GRP_DATA.
type GroupSealed struct {
	ChannelHash uint8
	MAC         [2]byte
	Ciphertext  []byte
}

type (
	// GroupText is a GRP_TXT, sealed; Keyring.OpenText opens it.
	GroupText struct{ GroupSealed }
	// GroupData is a GRP_DATA, sealed; Keyring.OpenData opens it.
	GroupData struct{ GroupSealed }
)

// Ack acknowledges a message. Only the first four bytes count.
type Ack struct {
	Sum   [4]byte // wire order
	Extra []byte  // 0, 1 or 2 bytes: see protocol notes on 5- and 6-byte forms
}

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

// Trace is a TRACE: it collects the SNR of each hop in the packet's path.
type Trace struct {
	Tag      uint32
	AuthCode uint32
	Flags    uint8
	HashSize int    // bytes: 1 << (Flags & 3)
	Hashes   []byte // the route asked for, HashSize bytes a hop
	Trailing []byte // bytes that do not fill a path hash
	SNRs     []int8 // quarter dB, one per hop done: the packet's path bytes
}

// Multipart announces that Remaining more copies of Inner follow. The parts are
// repeats, never fragments.
type Multipart struct {
	Remaining uint8
	InnerType PayloadType
	Inner     []byte
	InnerAck  *Ack // when InnerType is ACK and Inner is long enough
}

// Control is a CONTROL packet. At most one of the two forms is set.
type Control struct {
	Byte0    uint8  // high nibble: sub-type; bit 7: zero-hop only
	Data     []byte // after Byte0
	Request  *DiscoverRequest
	Response *DiscoverResponse
}

// DiscoverRequest asks nodes in direct reach to identify themselves.
type DiscoverRequest struct {
	PrefixOnly bool
	TypeFilter uint8 // bit n: role n
	Tag        uint32
	HasSince   bool
	Since      uint32 // seconds
}

// DiscoverResponse answers a DiscoverRequest.
type DiscoverResponse struct {
	Role      Role
	SNR       int8 // quarter dB, of the request at the responder
	Tag       uint32
	PublicKey []byte // 8 or 32 bytes; nil for any other length
}

// RawCustom is opaque application data.
type RawCustom struct{ Data []byte }

// Unassigned is a payload of a type that the firmware does not know.
type Unassigned struct {
	Of   PayloadType
	Data []byte
}

func (p *Incomplete) Type() PayloadType { return p.Of }
func (*Request) Type() PayloadType      { return TypeRequest }
func (*Response) Type() PayloadType     { return TypeResponse }
func (*Text) Type() PayloadType         { return TypeText }
func (*Ack) Type() PayloadType          { return TypeAck }
func (*Advert) Type() PayloadType       { return TypeAdvert }
func (*GroupText) Type() PayloadType    { return TypeGroupText }
func (*GroupData) Type() PayloadType    { return TypeGroupData }
func (*AnonRequest) Type() PayloadType  { return TypeAnonRequest }
func (*ReturnedPath) Type() PayloadType { return TypePath }
func (*Trace) Type() PayloadType        { return TypeTrace }
func (*Multipart) Type() PayloadType    { return TypeMultipart }
func (*Control) Type() PayloadType      { return TypeControl }
func (*RawCustom) Type() PayloadType    { return TypeRawCustom }
func (p *Unassigned) Type() PayloadType { return p.Of }
