// Package decoder turns the bytes of a MeshCore frame into Go values, as the
// firmware reads them. It does no I/O, keeps no state and knows no clock.
//
//	header(1) [code0(2) code1(2)] path_len(1) path(hash_size x count) payload(rest)
//
// header: bits 0-1 route, bits 2-5 payload type, bits 6-7 payload version.
// All integers are little-endian.
package decoder
