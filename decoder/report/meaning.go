package report

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"corescope-hub/decoder"
)

// meaningFunc says what the bytes of a field mean, "" when it does not know the
// field.
type meaningFunc func(f decoder.Field, b []byte) string

// oneOf asks one after the other.
func oneOf(all ...meaningFunc) meaningFunc {
	return func(f decoder.Field, b []byte) string {
		for _, meaning := range all {
			if s := meaning(f, b); s != "" {
				return s
			}
		}
		return ""
	}
}

// commonMeaning knows the fields that mean the same wherever they are, and falls
// back on the value itself.
func commonMeaning(f decoder.Field, b []byte) string {
	switch f.Name {
	case decoder.FieldUnread:
		if len(bytes.Trim(b, "\x00")) == 0 {
			return "padding"
		}
		return "not read"
	case "timestamp", "clock", "since", "sync since":
		return when(f.Value)
	case "destination hash":
		return "start of the receiver's key"
	case "source hash":
		return "start of the sender's key"
	case "acknowledgement":
		return "of the message that expects it"
	case "extra":
		return ackExtra(b)
	case "random":
		return "makes packet hashes differ"
	}
	return value(f.Value)
}

// value is a value without knowing what it stands for.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		return quote(v)
	case float64:
		return number(v)
	case decoder.Measurement:
		return measured(v)
	}
	return fmt.Sprint(v)
}

func measured(m decoder.Measurement) string {
	values := m.Values()
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = number(v.Value)
		if len(values) > 1 {
			words[i] = v.Name + " " + words[i]
		}
	}
	if len(words) == 0 {
		return "points of a line"
	}
	return strings.TrimSpace(strings.Join(words, ", ") + " " + m.Sensor.Unit())
}

// number is v without needless digits.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// quote makes text from the air safe to show: on one line, and without a
// character that a terminal would not print.
func quote(b []byte) string { return strconv.Quote(string(b)) }

// called is a name that the keys give.
func called(name string) string { return fmt.Sprintf("%.80q", name) }

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// when is seconds since 1970 as a date. It does not judge: clocks of nodes are
// often wrong.
func when(seconds any) string {
	return time.Unix(integer(seconds), 0).UTC().Format("2006-01-02 15:04:05 UTC")
}

// integer widens the value of a field; 0 for what is not an integer.
func integer(v any) int64 {
	switch v := v.(type) {
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	}
	return 0
}

// small is the value of a field of one byte.
func small(f decoder.Field) uint8 { return uint8(integer(f.Value)) }

// snr is quarters of a dB, as the wire has them.
func snr(v any) string { return number(float64(integer(v))/4) + " dB" }

// span is a time in seconds.
func span(seconds any) string { return (time.Duration(integer(seconds)) * time.Second).String() }

// hops lists the path hashes of p.
func hops(p decoder.Path) string { return joined(p.HopCount(), p.Hop) }

func joined(n int, item func(int) []byte) string {
	words := make([]string, n)
	for i := range words {
		words[i] = hex.EncodeToString(item(i))
	}
	return strings.Join(words, ", ")
}

func ackExtra(b []byte) string {
	switch len(b) {
	case 1:
		return fmt.Sprintf("%d: posts still to come, or the attempt", b[0])
	case 2:
		return fmt.Sprintf("attempt %d, and a random byte", b[0])
	}
	return "not known"
}
