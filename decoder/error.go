package decoder

import (
	"errors"
	"fmt"
)

// The reasons for which the firmware's receiver drops a frame.
// Source: firmware Dispatcher.cpp, tryParsePacket.
var (
	ErrEmpty              = errors.New("empty")
	ErrTruncated          = errors.New("truncated")
	ErrUnsupportedVersion = errors.New("unsupported version")
	ErrReservedPathMode   = errors.New("reserved path mode")
	ErrPathTooLong        = errors.New("path too long")
	ErrPayloadTooLong     = errors.New("payload too long")
)

// Error says where bytes stopped making sense.
type Error struct {
	Field  string // name of the field on the wire
	Offset int    // bytes from the start of the frame or, inside an opened box, of the plaintext
	Value  int    // the offending value: a version, a path length byte, a size in bytes; for ErrTruncated the bytes that the field needs
	Err    error  // the cause, a sentinel
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s at byte %d: %v (%d)", e.Field, e.Offset, e.Err, e.Value)
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.Err }
