package report

import (
	"fmt"

	"corescope-hub/decoder"
)

// answerMeaning knows the bodies of responses.
func (r *Reporter) answerMeaning(f decoder.Field, b []byte) string {
	switch f.Name {
	case "tag":
		if r.hint.Kind == decoder.ResponseLogin {
			return when(f.Value)
		}
		return "request of " + when(f.Value)
	case "body":
		return "name its response_kind in the keys to read it"
	case "battery":
		return fmt.Sprintf("%d mV", f.Value)
	case "noise floor", "last RSSI":
		return fmt.Sprintf("%d dBm", f.Value)
	case "last SNR", "SNR":
		return snr(f.Value)
	case "airtime", "receive airtime", "uptime":
		return span(f.Value)
	case "heard":
		return span(f.Value) + " ago"
	case "key prefix":
		return "start of a public key"
	case "type":
		return decoder.SensorType(small(f)).String()
	case "channel":
		return lppChannel(small(f))
	}
	return loginMeaning(f)
}

func lppChannel(n uint8) string {
	switch n {
	case 0:
		return "the end"
	case 1:
		return "1: the node itself"
	}
	return fmt.Sprint(n)
}

func loginMeaning(f decoder.Field) string {
	switch f.Name {
	case "legacy OK":
		return "success, in the form of old firmware"
	case "result":
		if small(f) == 0 {
			return "success"
		}
		return fmt.Sprintf("refused: %d", f.Value)
	case "keep-alive interval":
		return fmt.Sprintf("%d x 16 s", f.Value)
	case "permissions":
		return permissions(decoder.Permissions(small(f)))
	case "features":
		return features(&decoder.AnonClock{Features: small(f)})
	}
	return ""
}

func permissions(p decoder.Permissions) string {
	return [...]string{"guest", "read-only", "read-write", "administrator"}[p.Role()]
}

func features(c *decoder.AnonClock) string {
	s := "no bridge"
	if name, ok := bridge(c.Bridge()).(string); ok {
		s = "bridge: " + name
	}
	if c.ForwardingDisabled() {
		s += ", does not repeat"
	}
	return s
}
