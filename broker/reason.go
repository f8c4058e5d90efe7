package broker

import "corescope-hub/ingest"

// Reason says why a message or a login was refused: one of the constants below
// or one of ingest's. It is a label of a counter, so the set is fixed.
type Reason string

// Why the broker refuses. What ingest refuses has reasons of its own.
const (
	ReasonUnknown    Reason = "unknown_observer" // only known observers are taken, and this one is not
	ReasonDenied     Reason = "denied"           // by the operator
	ReasonMuted      Reason = "muted"            // by the operator or by the hub, for a while
	ReasonDuplicates Reason = "duplicate_storm"  // the same message, over and over
	ReasonForeignKey Reason = "not_own_key"      // under another key than the login has proved
	ReasonNotAllowed Reason = "not_allowed"      // the login may not publish there
	ReasonTopic      Reason = "topic_refused"    // beyond the bounds of a topic, or one of the broker's own; or too many properties
	ReasonLogin      Reason = "login"            // the login itself was refused
	ReasonWill       Reason = "will"             // the last will could never be published
)

// Reasons returns the broker's own, in a fixed order.
func Reasons() []Reason {
	return []Reason{
		ReasonUnknown, ReasonDenied, ReasonMuted, ReasonDuplicates, ReasonForeignKey,
		ReasonNotAllowed, ReasonTopic, ReasonLogin, ReasonWill,
	}
}

// words are what an operator is told about a reason.
type words struct{ text, remedy string }

// explain tells an operator what a reason means, and what to do.
func explain(r Reason) words {
	if w, ok := ownWords[r]; ok {
		return w
	}
	return ingestWords[ingest.Reason(r)]
}

var ownWords = map[Reason]words{
	ReasonUnknown:    {"only known observers are taken", "let it in: corescope-hub observers allow KEY"},
	ReasonDenied:     {"it is denied", "to let it in: corescope-hub observers allow KEY"},
	ReasonMuted:      {"it is muted", "to hear it again: corescope-hub observers allow KEY"},
	ReasonDuplicates: {"it sends the same messages over and over", "look for two bridges that feed each other"},
	ReasonForeignKey: {"it publishes under another key than it logged in with", "set the same key in its topic and its login"},
	ReasonNotAllowed: {"its login may not publish there", "check the role and the topics of its user (corescope-hub passwd)"},
	ReasonTopic:      {"its topic is too long or too deep, or one of the broker's own, or the message has too many properties", "use meshcore/{IATA}/{PUBLIC KEY}/packets and /status"},
	ReasonLogin:      {"its login was refused", "check its user name and password, or its token and clock"},
	ReasonWill:       {"its last will is for a topic that it may not publish to, or too large", "use its own status topic for the last will"},
}

var ingestWords = map[ingest.Reason]words{
	ingest.ReasonBadJSON:       {"the payload is not a JSON object", "update its software"},
	ingest.ReasonNoRaw:         {`a packet without "raw"`, "let its software send the raw packet, in hex"},
	ingest.ReasonBadHex:        {`"raw" is not hex`, "update its software"},
	ingest.ReasonBadLength:     {`"raw" is not as long as "len" says`, "its serial line loses lines: check cable and software"},
	ingest.ReasonBadFrame:      {"the frame is broken", "nothing, if rare: the radio heard noise"},
	ingest.ReasonBadVersion:    {"the frame is of a newer protocol", "update the hub"},
	ingest.ReasonBadSignature:  {"an advert that its node did not sign", "nothing, if rare: somebody sends forged or damaged adverts"},
	ingest.ReasonBadAdvert:     {"an advert with an impossible position, name or key", "nothing, if rare"},
	ingest.ReasonBadTopic:      {"neither topic nor origin_id says which observer it is", "use meshcore/{IATA}/{PUBLIC KEY}/packets"},
	ingest.ReasonRawTwice:      {"it sends raw and packets topics; raw is left out", "turn its raw topic off"},
	ingest.ReasonIATA:          {"its region is not accepted here", "set another IATA code, or add this one to hub.broker.iataFilter or observerIATAWhitelist"},
	ingest.ReasonBlacklisted:   {"it is on the observerBlacklist", "take it out of observerBlacklist, and restart"},
	ingest.ReasonGeo:           {"an advert from outside geo_filter", "nothing; or widen geo_filter"},
	ingest.ReasonClientTopic:   {"it reports as a roaming client, which is off", "set clientRxCoverage.enabled"},
	ingest.ReasonNoPosition:    {"a roaming client without a position", "let its app use the phone's position"},
	ingest.ReasonBadPosition:   {"a roaming client not on Earth", "update its app"},
	ingest.ReasonNotHeard:      {"a roaming client's packet that it did not receive", "nothing: it sent the packet itself"},
	ingest.ReasonNoHeardKey:    {"a roaming client's packet that does not show whom it heard", "nothing: few packets do"},
	ingest.ReasonNotForUs:      {"nothing in it for the database", "nothing"},
	ingest.ReasonTooLong:       {"a field longer than anything real", "update its software"},
	ingest.ReasonManyObservers: {"it is new, and so were too many today", "see who invents observers, and deny anonymous clients; it is taken tomorrow"},
	ingest.ReasonBadRecord:     {"the database refused it", "report it: this is a defect of the hub"},
}
