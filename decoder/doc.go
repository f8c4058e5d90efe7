// Package decoder turns the bytes of a MeshCore frame into Go values, as the
// firmware reads them. It does no I/O, keeps no state and knows no clock.
//
//	header(1) [code0(2) code1(2)] path_len(1) path(hash_size x count) payload(rest)
//
//	header    bits 0-1 route, bits 2-5 payload type, bits 6-7 payload version
//	codes     only on the two TRANSPORT_ routes
//	path_len  bits 0-5 hop count, bits 6-7 path hash size - 1
//
// All integers are little-endian, but for Cayenne LPP values. The rules are those
// of MeshCore 1.17; where older firmware differs, the field says so. Sources name
// a file and a symbol of github.com/meshcore-dev/MeshCore.
//
// # Use
//
// Decode reads a frame; Packet.Payload is then one type for each payload type.
// What is sealed stays sealed until it is opened: a Keyring opens the payloads of
// channels, an AddressBook those between two nodes. The values alias the frame.
// Layout, and the method of that name of everything opened, says which bytes are
// which field.
//
// # What the wire does not tell
//
// The package does not guess. Where a packet can be read in more than one way,
// the caller says which, or gets all of them:
//
//   - what a response answers: Reply.Read takes a Hint;
//   - whether an anonymous request is for a room server: AnonMessage.Read takes
//     the receiver's Role;
//   - which nodes a one-byte hash names: AddressBook returns every Opening that
//     verifies;
//   - how long a plaintext was before it was padded with zeros: plaintexts and
//     bodies keep the padding;
//   - what the fifth byte of an ACK means: Ack.Extra has it as it is;
//   - who wrote a group text: GroupMessage.Split gives what the text claims;
//   - whether a path length byte is from before path hashes of two bytes:
//     Path.MaybeLegacy.
//
// # Errors
//
// Decode fails where the firmware's receiver drops the frame, with the same rule
// first. What it receives and then ignores is not an error: a payload shorter
// than its type needs is an *Incomplete, everything else is in Warnings.
package decoder
