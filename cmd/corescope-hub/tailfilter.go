package main

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"corescope-hub/cmd/corescope-hub/internal/console"
)

// packetFilter is which packets are shown: the filters of the page Live.
type packetFilter struct {
	Type     []string `placeholder:"TYPE" help:"Payload types as the firmware calls them, such as ADVERT,GRP_TXT."`
	Observer string   `placeholder:"KEY" help:"Public key of an observer that heard it."`
	Region   string   `placeholder:"IATA" help:"Region of an observer that heard it."`
	Channel  string   `placeholder:"NAME" help:"Channel, such as '#test', or its channel hash."`
	Search   string   `short:"q" placeholder:"TEXT" help:"What its hash, its text, its channel or its sender has in it."`
}

// query is the filter for /api/v1/packets, which reads it as matches does.
func (f *packetFilter) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"type": strings.Join(f.Type, ","), "observer": f.Observer, "region": f.Region, "channel": f.Channel, "q": f.Search,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

func (f *packetFilter) matches(p console.Packet) bool {
	switch {
	case len(f.Type) > 0 && !slices.ContainsFunc(f.Type, func(t string) bool { return strings.EqualFold(t, p.Type) }):
		return false
	case f.Observer != "" && !slices.ContainsFunc(p.Observations, func(o console.PacketObservation) bool { return strings.EqualFold(o.Observer, f.Observer) }):
		return false
	case f.Region != "" && !slices.ContainsFunc(p.Observations, func(o console.PacketObservation) bool { return strings.EqualFold(o.Region, f.Region) }):
		return false
	case f.Channel != "" && p.Channel != strings.TrimPrefix(f.Channel, "enc_"):
		return false
	}
	from := cmp.Or(p.From, &console.Party{})
	text := strings.ToLower(strings.Join([]string{p.Hash, p.Text, p.Channel, from.Name, from.Key}, "\n"))
	return strings.Contains(text, strings.ToLower(strings.TrimSpace(f.Search)))
}
