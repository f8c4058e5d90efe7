package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"corescope-hub/cmd/corescope-hub/internal/console"
)

// look is how packets are shown on a terminal.
type look struct{ colours bool }

// newLook uses colours on a terminal only, and not where they are not wanted.
// See https://no-color.org.
func newLook(env environment) look {
	plain := slices.ContainsFunc(env.vars, func(kv string) bool {
		value, ok := strings.CutPrefix(kv, "NO_COLOR=")
		return ok && value != "" || kv == "TERM=dumb"
	})
	return look{colours: isTerminal(env.stdout) && !plain}
}

// Colours by payload type, as sequences of ECMA-48; others have none.
var typeColours = map[string]string{
	"ADVERT": "32", "GRP_TXT": "34", "GRP_DATA": "34", "TXT_MSG": "33", "REQ": "93", "RESPONSE": "93", "ANON_REQ": "93",
	"TRACE": "35", "CONTROL": "35", "ACK": "90", "MULTIPART": "90", "PATH": "36",
}

func (l look) colour(code, text string) string {
	if !l.colours || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// packet is the line of one packet.
func (l look) packet(p console.Packet) string {
	from := "unknown"
	if p.From != nil {
		from = firstOf(p.From.Name, short(p.From.Key), p.From.Hash, from)
	}
	text := p.Text
	if p.Channel != "" {
		text = p.Channel + "  " + text
	}
	heard := make([]string, 0, len(p.Observations))
	for _, o := range p.Observations {
		if name := observerText(o) + snrText(o.SNR); !slices.Contains(heard, name) {
			heard = append(heard, name)
		}
	}
	const most = 3
	if n := len(heard) - most; n > 0 {
		heard = append(heard[:most], fmt.Sprintf("+%d", n))
	}
	line := fmt.Sprintf("%s  %s  %s  %s", p.FirstSeen.Local().Format("15:04:05"),
		l.colour(typeColours[p.Type], padded(p.Type, 9)), padded(bounded(from, 20), 20), bounded(text, 80))
	if len(heard) > 0 {
		line += "  " + l.colour("90", "heard by "+strings.Join(heard, ", "))
	}
	return line
}

// reception is the line of one observer hearing a packet, below it.
func (l look) reception(o console.PacketObservation) string {
	path := "directly"
	if len(o.Path) > 0 {
		hops := make([]string, len(o.Path))
		for i, h := range o.Path {
			hops[i] = bounded(firstOf(h.Name, h.Hash), 20)
		}
		path = "by " + strings.Join(hops, " > ")
	}
	rssi := ""
	if o.RSSI != nil {
		rssi = fmt.Sprintf("%.0f dBm", *o.RSSI)
	}
	return strings.TrimRight(fmt.Sprintf("          %s  %s  %s  %s", padded(observerText(o), 20), padded(strings.TrimSpace(snrText(o.SNR)), 8), padded(rssi, 9), path), " ")
}

func observerText(o console.PacketObservation) string {
	return bounded(firstOf(o.Name, short(o.Observer)), 20)
}

func snrText(snr *float64) string {
	if snr == nil {
		return ""
	}
	return fmt.Sprintf(" %.1f dB", *snr)
}

func short(key string) string { return key[:min(len(key), 8)] }

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// bounded is text from the air in at most n characters, with everything taken out
// that a terminal could obey or that turns text around.
func bounded(s string, n int) string {
	s = oneLine(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// oneLine keeps what can be printed, and puts spaces between words.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar:
			return '?'
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func padded(s string, n int) string {
	return s + strings.Repeat(" ", max(n-utf8.RuneCountInString(s), 0))
}
