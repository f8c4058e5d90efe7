package broker

import "strings"

// access is what a client wants with a topic.
type access uint8

const (
	accessPublish access = iota
	accessRead
)

// refusePublish says why p may not publish to a topic, in the name of the
// observer that the message is of; "" when it may.
func (p *Principal) refusePublish(topic, observer string) Reason {
	switch {
	case topic == refusedTopic:
		return ReasonTopic
	case p.Key != "" && p.Role != RoleAdmin && observer != "" && !strings.EqualFold(observer, p.Key):
		return ReasonForeignKey
	case p.Key != "" && strings.EqualFold(observer, p.Key) && flat(topic) && p.inTopics(topic):
		return "" // the payload says whose it is
	case !p.allowed(topic, accessPublish):
		return ReasonNotAllowed
	}
	return ""
}

// flat says whether a topic has no level for the observer.
func flat(topic string) bool {
	place, known := placeOf(topic)
	return known && place.key == "" || strings.HasPrefix(topic, "meshcore/packets/")
}

// allowed decides whether p may publish to a topic, or be sent a message of it.
// It is asked for each delivery and allocates nothing.
func (p *Principal) allowed(topic string, want access) bool {
	if !p.inTopics(topic) {
		return false
	}
	if p.Role == RoleAdmin {
		return true
	}
	if strings.HasPrefix(topic, "$") {
		return false
	}
	place, known := placeOf(topic)
	switch want {
	case accessPublish:
		return p.mayPublish(place, known)
	default:
		return p.mayRead(place, known)
	}
}

func (p *Principal) mayPublish(t place, known bool) bool {
	switch p.Role {
	case RoleGuest, RoleObserver:
		if !known {
			return p.Role == RoleGuest
		}
		if t.private == privateInternal || t.private == privateCommands {
			return false
		}
		return p.Key == "" || strings.EqualFold(t.key, p.Key)
	}
	return false
}

func (p *Principal) mayRead(t place, known bool) bool {
	switch p.Role {
	case RoleObserver:
		if p.Key == "" { // a shared login of observers: none of them is known
			return known && t.private == privateCommands
		}
		return known && t.private == privateCommands && strings.EqualFold(t.key, p.Key)
	case RoleGuest:
		return !known || t.private == privateNot || t.private == privateCommands
	case RoleViewer, RoleLimited:
		return known && t.private == privateNot
	}
	return false
}

// mayAsk decides whether a subscription may stand. One that reaches further than
// p may read stands, too: each message is judged again.
func (p *Principal) mayAsk(filter string) bool {
	if p.Role == RoleAdmin {
		return true
	}
	return !strings.HasPrefix(filter, "$") || strings.HasPrefix(filter, "$share/")
}

// inTopics holds p to the list that its user was given.
func (p *Principal) inTopics(topic string) bool {
	if len(p.Topics) == 0 {
		return true
	}
	for _, filter := range p.Topics {
		if matches(filter, topic) {
			return true
		}
	}
	return false
}

// place is where in the observers' tree a topic is.
type place struct {
	key     string // the level that names the observer
	private private
}

// private is what a topic holds that is not for everybody.
type private uint8

const (
	privateNot       private = iota
	privateInternal          // claims of a login: internal
	privateCommands          // serial/commands
	privateResponses         // serial/responses
)

// placeOf finds the observer and the leaf in
//
//	meshcore/{IATA}/{KEY}/{leaf...}
//	meshcore/client/{KEY}/{leaf...}
//
// Anything else under meshcore/ has no observer; what is elsewhere is not known:
// other programs of the local network may use the broker among themselves.
func placeOf(topic string) (p place, known bool) {
	rest, ok := strings.CutPrefix(topic, "meshcore/")
	if !ok {
		return place{}, false
	}
	_, rest, ok = strings.Cut(rest, "/")
	if !ok {
		return place{}, true
	}
	key, leaf, _ := strings.Cut(rest, "/")
	p.key = key
	switch {
	case leaf == "internal" || strings.HasPrefix(leaf, "internal/"):
		p.private = privateInternal
	case leaf == "serial/commands":
		p.private = privateCommands
	case strings.HasPrefix(leaf, "serial"):
		p.private = privateResponses
	}
	return p, true
}

// matches says whether an MQTT topic filter matches a topic.
func matches(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") != strings.HasPrefix(filter, "$") {
		return false
	}
	for {
		f, restF, moreF := strings.Cut(filter, "/")
		if f == "#" {
			return true
		}
		t, restT, moreT := strings.Cut(topic, "/")
		if f != "+" && f != t {
			return false
		}
		if !moreT {
			return !moreF || restF == "#"
		}
		if !moreF {
			return false
		}
		filter, topic = restF, restT
	}
}
