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
	formNameless                  // meshcore/{leaf}, meshcore/repeater/{NODE NAME}/{leaf}: no observer's id in it
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
	level := strings.SplitN(s, "/", 5)
	if level[0] != "meshcore" || len(level) < 2 {
		return topic{form: formForeign}, ""
	}
	level = append(level[1:], "", "", "")[:3]
	switch {
	case level[0] == "client":
		return topic{form: formClient, observer: foldID(level[1]), leaf: level[2]}, ""
	case level[0] == "message":
		return companionTopic(s, level), ""
	case level[0] == "events":
		return topic{form: formForeign}, ""
	case level[0] == "repeater":
		return topic{form: formNameless, leaf: level[2]}, ""
	case strings.Count(s, "/") == 1:
		return topic{form: formNameless, leaf: level[0]}, ""
	}
	return observerTopic(level)
}

func observerTopic(level []string) (topic, Reason) {
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

func companionTopic(s string, level []string) topic {
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
	return t.form == formObserver && (t.leaf == leafPackets || t.leaf == leafStatus || t.leaf == leafRaw)
}

// foldID makes public keys of any case one observer.
func foldID(id string) string {
	if len(id) != 64 {
		return id
	}
	for _, c := range []byte(id) {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return id
		}
	}
	return strings.ToUpper(id)
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
