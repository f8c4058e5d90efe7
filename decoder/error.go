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

// Error says where a frame stopped making sense.
type Error struct {
	Field  string // name of the field on the wire
	Offset int    // bytes from the start of the frame
	Value  int    // the offending value: a version, a length
	Err    error  // one of the sentinels above
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s at byte %d: %v (%d)", e.Field, e.Offset, e.Err, e.Value)
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.Err }
