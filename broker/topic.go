package broker

import (
	"strings"
	"unicode/utf8"
)

// Bounds of topics and filters. The longest real topic has 5 levels and 90
// bytes; the library's work grows with the levels, while every client waits.
const (
	maxTopicBytes  = 256
	maxTopicLevels = 8
)

// maxUserProperties bounds those of one message (MQTT 5): they take many times the
// memory that they have on the wire. No real client has any.
const maxUserProperties = 64

// refusedTopic stands for a topic that may not be published to.
const refusedTopic = "corescope-hub/refused"

// tooDeep says whether a topic or filter is beyond the bounds.
func tooDeep(topic string) bool {
	return len(topic) > maxTopicBytes || strings.Count(topic, "/") >= maxTopicLevels
}

// refuseTopic says whether nobody may publish to topic: one beyond the bounds,
// or one of the broker's own ($SYS).
func refuseTopic(topic string) bool {
	return tooDeep(topic) || strings.HasPrefix(topic, "$")
}

// asOurs is a topic of an upstream as a client of the hub would write it. What an
// operator subscribes to there may begin with any word; the levels behind it mean
// the same. Source: CoreScope's ingestor, handleMessage, which looks at no first
// level. Brokers that are bridged may have put more in front.
func asOurs(topic string) string {
	const root = "meshcore/"
	if strings.HasPrefix(topic, root) {
		return topic
	}
	if i := strings.Index(topic, "/"+root); i >= 0 {
		return topic[i+1:]
	}
	if _, rest, ok := strings.Cut(topic, "/"); ok {
		return root + rest
	}
	return topic
}

// bounded cuts text of a client for the log.
func bounded(s string) string {
	const most = 64
	return cut(s, most)
}

// cut leaves the first bytes of s, in whole characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}
