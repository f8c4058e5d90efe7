package ingest

import "testing"

func TestPolicy(t *testing.T) {
	t.Parallel()
	opts := Options{
		IATAFilter:         []string{" sea ", "PDX"},
		UpstreamIATAFilter: map[string][]string{"north": {"YVR"}, "all": nil},
		IATAWhitelist:      []string{"SEA", "yvr", "lax"},
		ObserverBlacklist:  []string{" bad1 "},
	}
	tests := []struct {
		name, source, topic, region string
		want                        Reason
	}{
		{"local, listed", "local", "meshcore/SEA/OBS/packets", "", ""},
		{"local, listed in lower case", "local", "meshcore/sea/OBS/packets", "", ""},
		{"local, whitelisted but not in the local filter", "local", "meshcore/YVR/OBS/packets", "", ReasonIATA},
		{"a status passes the local filter", "local", "meshcore/YVR/OBS/status", "", ""},
		{"a status does not pass the whitelist", "local", "meshcore/JFK/OBS/status", "", ReasonIATA},
		{"in the local filter but not whitelisted", "local", "meshcore/PDX/OBS/packets", "", ReasonIATA},
		{"an upstream has its own filter", "north", "meshcore/YVR/OBS/packets", "", ""},
		{"an upstream is not held to the local filter", "north", "meshcore/SEA/OBS/packets", "", ReasonIATA},
		{"an upstream without a filter accepts what is whitelisted", "all", "meshcore/LAX/OBS/packets", "", ""},
		{"the whitelist holds for it, too", "all", "meshcore/JFK/OBS/packets", "", ReasonIATA},
		{"no region in the topic, none assumed", "local", "meshcore//OBS/packets", "", ReasonIATA},
		{"no region in the topic, one assumed", "local", "meshcore//OBS/packets", "sea", ""},
		{"the topic's region goes before the assumed one", "local", "meshcore/JFK/OBS/packets", "sea", ReasonIATA},
		{"blacklisted packet", "local", "meshcore/SEA/BAD1/packets", "", ReasonBlacklisted},
		{"blacklisted status", "north", "meshcore/YVR/bad1/status", "", ReasonBlacklisted},
		{"blacklisted anything", "local", "meshcore/SEA/bad1/serial/responses", "", ReasonBlacklisted},
		{"blacklisted phone", "local", "meshcore/client/bad1/packets", "", ReasonBlacklisted},
		{"the companion bridge has no region", "local", "meshcore/message/channel/0", "", ""},
	}
	p := newPolicy(opts)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parsed, reason := parseTopic(tt.topic)
			if reason != "" {
				t.Fatalf("parseTopic(%q): %q", tt.topic, reason)
			}
			m := &Message{Source: tt.source, Topic: tt.topic, Region: tt.region}
			if got := p.refuse(tt.source, parsed, heardRegion(m, parsed)); got != tt.want {
				t.Errorf("refuse(%q, %q) = %q, want %q", tt.source, tt.topic, got, tt.want)
			}
		})
	}
}

func TestPolicyOfNoOptionsAcceptsEverybody(t *testing.T) {
	t.Parallel()
	p := newPolicy(DefaultOptions())
	for _, s := range []string{"meshcore/SEA/OBS/packets", "meshcore//OBS/status", "meshcore/client/OBS/packets"} {
		parsed, _ := parseTopic(s)
		if got := p.refuse("local", parsed, parsed.region); got != "" {
			t.Errorf("%s: refused for %q", s, got)
		}
	}
}
