package decoder

import "bytes"

// AccessList is who may do what on a node.
// Source: firmware simple_repeater/MyMesh.cpp, handleRequest.
type AccessList struct {
	Entries []Access
}

// Access is one client of an access list.
type Access struct {
	KeyPrefix   [6]byte // of the client's public key
	Permissions Permissions
}

// Neighbours is a page of the repeaters that a repeater hears.
// Source: firmware simple_repeater/MyMesh.cpp, handleRequest.
type Neighbours struct {
	Total    uint16 // that the repeater knows
	Returned uint16 // on this page
	Entries  []Neighbour
	Data     []byte // the entries as bytes, with the padding
}

// Neighbour is one repeater that another hears.
type Neighbour struct {
	KeyPrefix    []byte // of its public key; as long as the request asked
	HeardSecsAgo uint32
	SNR          int8 // quarter dB
}

// Kind is ResponseAccessList.
func (*AccessList) Kind() ResponseKind { return ResponseAccessList }

// Kind is ResponseNeighbours.
func (*Neighbours) Kind() ResponseKind { return ResponseNeighbours }

// readAccessList reads entries up to the padding. Entries without permissions
// are not sent, so the first that is all zero is padding.
func readAccessList(c *cursor, _ Hint) (Answer, error) {
	l := new(AccessList)
	var padding [len(Access{}.KeyPrefix) + 1]byte
	for c.left() >= len(padding) && !bytes.HasPrefix(c.ahead(), padding[:]) {
		var a Access
		copy(a.KeyPrefix[:], c.bytes("key prefix", len(a.KeyPrefix)))
		a.Permissions = Permissions(c.uint8("permissions"))
		l.Entries = append(l.Entries, a)
	}
	return answer(l, c)
}

func readNeighbours(c *cursor, h Hint) (Answer, error) {
	n := &Neighbours{Total: c.uint16("total"), Returned: c.uint16("returned")}
	if err := c.err(); err != nil {
		return nil, err
	}
	n.Data = c.ahead()
	if h.PrefixSize <= 0 {
		return n, nil
	}
	for range n.Returned {
		e := Neighbour{KeyPrefix: c.bytes("key prefix", h.PrefixSize)}
		e.HeardSecsAgo = c.uint32("heard")
		e.SNR = c.int8("SNR")
		if err := c.err(); err != nil {
			return n, err
		}
		n.Entries = append(n.Entries, e)
	}
	return n, nil
}
