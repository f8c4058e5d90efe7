package decoder

// Trace is a TRACE: it collects the SNR of each hop in the packet's path.
// Source: firmware Mesh.cpp, createTrace and onRecvPacket.
type Trace struct {
	Tag      uint32
	AuthCode uint32
	Flags    uint8  // bits 0-1: size of a path hash; the others are reserved
	HashSize int    // bytes: 1 << (Flags & 3); not the path's HashSize
	Hashes   []byte // the route asked for, HashSize bytes a hop
	Trailing []byte // bytes that do not fill a path hash
	SNRs     []int8 // quarter dB, one per hop done: the packet's path bytes
}

// Type is TRACE.
func (*Trace) Type() PayloadType { return TypeTrace }

// HopCount is the number of hops asked for.
func (t *Trace) HopCount() int { return len(t.Hashes) / t.HashSize }

// Hop returns the path hash of hop i of the route asked for.
func (t *Trace) Hop(i int) []byte {
	return t.Hashes[i*t.HashSize : (i+1)*t.HashSize : (i+1)*t.HashSize]
}

// Complete says whether every hop asked for has been done.
func (t *Trace) Complete() bool {
	return len(t.SNRs)*t.HashSize >= len(t.Hashes)+len(t.Trailing)
}

func readTrace(c *cursor, path Path) *Trace {
	t := &Trace{Tag: c.uint32("tag"), AuthCode: c.uint32("auth code"), Flags: c.uint8("flags")}
	t.HashSize = 1 << (t.Flags & 3)
	t.Hashes = c.bytes("hashes", c.left()/t.HashSize*t.HashSize)
	t.Trailing = c.rest("trailing")
	if len(path.Bytes) > 0 {
		t.SNRs = make([]int8, len(path.Bytes))
		for i, b := range path.Bytes {
			t.SNRs[i] = int8(b)
		}
	}
	return t
}
