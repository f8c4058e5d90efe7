package ingest

import "strings"

// policy says whose messages are accepted.
type policy struct {
	local     names            // regions, from local clients
	upstream  map[string]names // regions, by upstream
	whitelist names            // regions, from anybody
	blacklist names            // observer ids
}

// names is a set that is blind to case and to blanks at the ends.
type names map[string]bool

func newNames(list []string) names {
	set := make(names, len(list))
	for _, name := range list {
		if name = fold(name); name != "" {
			set[name] = true
		}
	}
	return set
}

func fold(name string) string { return strings.ToUpper(strings.TrimSpace(name)) }

func (n names) has(name string) bool { return n[fold(name)] }

// accepts is has, but an empty set accepts everything.
func (n names) accepts(name string) bool { return len(n) == 0 || n.has(name) }

func newPolicy(opts Options) policy {
	p := policy{
		local:     newNames(opts.IATAFilter),
		upstream:  make(map[string]names, len(opts.UpstreamIATAFilter)),
		whitelist: newNames(opts.IATAWhitelist),
		blacklist: newNames(opts.ObserverBlacklist),
	}
	for source, regions := range opts.UpstreamIATAFilter {
		p.upstream[source] = newNames(regions)
	}
	return p
}

// refuse says why a message from source under t is not accepted; "" accepts it.
// A status passes the filter of its source, as with CoreScope. The companion
// bridge has no region, so no list of regions can refuse it.
func (p *policy) refuse(source string, t topic, region string) Reason {
	if t.observer != "" && p.blacklist.has(t.observer) {
		return ReasonBlacklisted
	}
	if t.form != formObserver {
		return ""
	}
	if !p.whitelist.accepts(region) {
		return ReasonIATA
	}
	filter, isUpstream := p.upstream[source]
	if !isUpstream {
		filter = p.local
	}
	if !t.isStatus() && !filter.accepts(region) {
		return ReasonIATA
	}
	return ""
}
