package decoder

// Channel is a group conversation and its secret.
type Channel struct {
	Name   string
	Secret []byte // 16 or 32 bytes
}

// GroupMessage is an opened GRP_TXT.
type GroupMessage struct {
	Channel   string // name of the channel whose secret verified
	Plaintext []byte // with the zero padding
	Timestamp uint32 // seconds, the sender's clock
	Flags     uint8  // text type << 2 | attempt
	Text      []byte // to the first NUL; by convention "sender: message", unauthenticated
}

// GroupDatagram is an opened GRP_DATA.
type GroupDatagram struct {
	Channel   string
	Plaintext []byte
	DataType  uint16
	Length    int    // as the plaintext claims
	Data      []byte // nil when Length runs past the plaintext
}

// Keyring holds the secrets that an operator gave us. It is safe for
// concurrent use: nothing changes after NewKeyring.
type Keyring struct {
	byHash map[uint8][]Channel
}

// NewKeyring takes channels in order of preference: of those with one channel
// hash the first whose MAC verifies wins. A secret that is not 16 or 32 bytes
// long is an error.
func NewKeyring(channels ...Channel) (*Keyring, error) { panic("skeleton") }

// HashtagChannel is the channel that apps derive from its name: the secret is
// the first 16 bytes of SHA-256 of "#name".
func HashtagChannel(name string) Channel { panic("skeleton") }

// OpenText opens a GRP_TXT with the first channel that fits.
func (k *Keyring) OpenText(g *GroupText) (GroupMessage, bool) { panic("skeleton") }

// OpenData opens a GRP_DATA with the first channel that fits.
func (k *Keyring) OpenData(g *GroupData) (GroupDatagram, bool) { panic("skeleton") }

// Region is a named scope of flooding.
type Region struct {
	Name string // as the operator wrote it, with or without '#'
	Key  [16]byte
}

// NewRegion derives the public key of a region: SHA-256 of the name with '#',
// first 16 bytes.
func NewRegion(name string) Region { panic("skeleton") }

// Scope returns the first of regions that code 0 of p was made with; false when
// p has no codes, code 0 is 0, or none fits.
func (p *Packet) Scope(regions []Region) (Region, bool) { panic("skeleton") }

// Verify checks the signature over key, timestamp and the cut appdata.
func (a *Advert) Verify() bool { panic("skeleton") }

// Name is NameField to its first NUL, as bytes of the wire (not checked UTF-8).
func (i *AdvertInfo) Name() []byte { panic("skeleton") }

// Latitude in degrees, positive north.
func (i *AdvertInfo) Latitude() float64 { return float64(i.LatitudeE6) / 1e6 }

// Longitude in degrees, positive east.
func (i *AdvertInfo) Longitude() float64 { return float64(i.LongitudeE6) / 1e6 }

// Decode reads one frame as the firmware's receiver does. The error is *Error.
// The packet aliases raw.
func Decode(raw []byte) (*Packet, error) { panic("skeleton") }
