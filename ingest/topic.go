package ingest

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Longer than any real level of a topic, in bytes. An observer id is a public
// key of 64 hex digits or a short name; a region is an IATA code or a word.
const (
	maxObserverID = 64
	maxRegion     = 32
)

// topicForm is the family that a topic belongs to.
type topicForm uint8

const (
	formForeign  topicForm = iota // not from an observer
	formObserver                  // meshcore/{IATA}/{ID}[/{leaf}[/...]]
	formFlat                      // meshcore/{leaf}, meshcore-bot's meshcore/packets/{leaf}: only the payload says whose
	formNameless                  // meshcore/{anything else}: no observer's id in it
	formNodeName                  // meshcore/repeater/{NODE NAME}/{leaf}: openHop's own, by a name that anybody may have
	formClient                    // meshcore/client/{KEY}/{leaf}: a roaming phone
	formChannel                   // meshcore/message/channel/{index}: a companion bridge, opened group message
	formDirect                    // meshcore/message/direct/{peer}: the same, direct message
)

// topic is an MQTT topic, taken apart.
type topic struct {
	form     topicForm
	region   string // formObserver: upper case, "" when the level is empty
	observer string // formObserver and formClient: 64 hex digits are upper case, anything else as it came
	leaf     string // the level that says what the message is, or the companion bridge's index or peer
}

// Leafs that have a meaning here.
const (
	leafPackets = "packets"
	leafStatus  = "status"
	leafRaw     = "raw"
)

// parseTopic takes s apart. The reason is set when s has the form of an
// observer's topic, but what stands for the observer or the region cannot be one.
func parseTopic(s string) (topic, Reason) {
	root, rest, ok := strings.Cut(s, "/")
	if root != "meshcore" || !ok {
		return topic{form: formForeign}, ""
	}
	var level [3]string // the first three of rest
	for i := range level {
		level[i], rest, _ = strings.Cut(rest, "/")
	}
	switch {
	case level[0] == "client":
		return topic{form: formClient, observer: foldID(level[1]), leaf: level[2]}, ""
	case level[0] == "message":
		return companionTopic(s, level), ""
	case level[0] == "events":
		return topic{form: formForeign}, ""
	case level[0] == "repeater" && !isKey(level[1]):
		return topic{form: formNodeName, leaf: level[2]}, ""
	case level[0] == leafPackets && level[1] == "packet":
		return topic{form: formFlat, leaf: leafPackets}, ""
	case level[0] == leafPackets && level[1] == leafStatus:
		return topic{form: formFlat, leaf: leafStatus}, ""
	case strings.Count(s, "/") > 1:
		return observerTopic(level)
	case isObserverLeaf(level[0]):
		return topic{form: formFlat, leaf: level[0]}, ""
	}
	return topic{form: formNameless, leaf: level[0]}, ""
}

func observerTopic(level [3]string) (topic, Reason) {
	t := topic{
		form:     formObserver,
		region:   strings.ToUpper(strings.TrimSpace(level[0])),
		observer: foldID(level[1]),
		leaf:     level[2],
	}
	switch {
	case len(t.observer) > maxObserverID, len(t.region) > maxRegion:
		return t, ReasonTooLong
	case strings.TrimSpace(t.observer) == "", !printable(t.observer), !printable(t.region):
		return t, ReasonBadTopic
	}
	return t, ""
}

func companionTopic(s string, level [3]string) topic {
	switch {
	case strings.HasPrefix(s, "meshcore/message/channel/"):
		return topic{form: formChannel, leaf: level[2]}
	case strings.HasPrefix(s, "meshcore/message/direct/"):
		return topic{form: formDirect, leaf: level[2]}
	}
	return topic{form: formForeign}
}

// isStatus says whether the message tells of the observer itself.
func (t topic) isStatus() bool { return t.form == formObserver && t.leaf == leafStatus }

// mustBeJSON says whether anything but a JSON object is an error here. Other
// leafs, such as serial/commands, carry what they like.
func (t topic) mustBeJSON() bool {
	switch t.form {
	case formFlat, formObserver:
		return isObserverLeaf(t.leaf)
	case formClient:
		return t.leaf == leafPackets
	}
	return false
}

// of is the flat topic t as a topic of the observer that the payload names;
// false when that is no public key.
func (t topic) of(originID string) (topic, bool) {
	if !isKey(originID) {
		return t, false
	}
	return topic{form: formObserver, observer: foldID(originID), leaf: t.leaf}, true
}

func isObserverLeaf(leaf string) bool {
	return leaf == leafPackets || leaf == leafStatus || leaf == leafRaw
}

// foldID makes public keys of any case one observer.
func foldID(id string) string {
	if !isKey(id) {
		return id
	}
	return strings.ToUpper(id)
}

// isKey says whether id is a public key in hex.
func isKey(id string) bool { return len(id) == 64 && isHex(id) }

func isHex(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}

// printable says whether s is UTF-8 without control or format characters.
func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
