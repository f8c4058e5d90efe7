package decoder

// RawCustom is opaque application data.
type RawCustom struct{ Data []byte }

// Type is RAW_CUSTOM.
func (*RawCustom) Type() PayloadType { return TypeRawCustom }

// Unassigned is a payload of a type that the firmware does not know.
type Unassigned struct {
	Of   PayloadType // 12 to 14
	Data []byte
}

// Type is the payload type of the header.
func (p *Unassigned) Type() PayloadType { return p.Of }
