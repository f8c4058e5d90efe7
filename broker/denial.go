package broker

import (
	"errors"
	"unicode"

	"github.com/mochi-mqtt/server/v2/packets"
)

// denial is what a client is told that may not log in: a return code of MQTT 3,
// and the reason code of MQTT 5. Observers treat 4 and 5 of MQTT 3 alike.
type denial struct{ v3, v5 packets.Code }

// denialOf finds the codes for an error of a login. The library knows one.
func denialOf(err error) *denial {
	switch {
	case errors.Is(err, errIndecentName):
		return &denial{packets.Err3ClientIdentifierNotValid, packets.ErrClientIdentifierNotValid}
	case errors.Is(err, errTooManySessions):
		return &denial{packets.Err3ServerUnavailable, packets.ErrQuotaExceeded}
	case errors.Is(err, errTooManyTries):
		return &denial{packets.Err3NotAuthorized, packets.ErrConnectionRateExceeded}
	case errors.Is(err, errLoginRequired):
		return &denial{packets.Err3NotAuthorized, packets.ErrNotAuthorized}
	}
	return &denial{packets.Err3NotAuthorized, packets.ErrBadUsernameOrPassword}
}

// applied is a CONNACK that says so.
func (r *denial) applied(pk packets.Packet) packets.Packet {
	code := r.v3
	if pk.ProtocolVersion >= 5 {
		code = r.v5
		pk.Properties.ReasonString = code.Reason
	}
	pk.ReasonCode = code.Code
	return pk
}

// maxName is the longest client id or user name, in bytes. The longest of a real
// client has some 100.
const maxName = 256

var errIndecentName = errors.New("the client id or user name is too long, or has characters that cannot be seen")

// decentName says whether a client id or user name shows as what it is: line
// breaks and marks that turn the direction of text are for forging what people
// read in logs and on pages.
func decentName(name string) bool {
	if len(name) > maxName {
		return false
	}
	for _, r := range name {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return false
		}
	}
	return true
}
