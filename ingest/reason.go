package ingest

// Reason says why a message was not stored. It is a label of a counter, so the
// set is fixed: the table below is all of it.
type Reason string

// Every reason there is.
const (
	ReasonBadJSON       Reason = "bad_json"       // the payload of a packets or status topic is not a JSON object
	ReasonNoRaw         Reason = "no_raw"         // a packet message without a "raw" text
	ReasonBadHex        Reason = "bad_hex"        // raw is not hex
	ReasonBadLength     Reason = "bad_length"     // raw is not as long as "len" says: the bytes are another packet's
	ReasonBadFrame      Reason = "bad_frame"      // the firmware would refuse the frame
	ReasonBadVersion    Reason = "bad_version"    // the frame's payload version is not 0
	ReasonBadSignature  Reason = "bad_signature"  // an advert that its key did not sign
	ReasonBadAdvert     Reason = "bad_advert"     // an advert with an impossible position, name or key
	ReasonBadTopic      Reason = "bad_topic"      // neither the topic nor, on a flat one, origin_id says which observer it is
	ReasonRawTwice      Reason = "raw_twice"      // a frame on a raw topic, of an observer that sends packets, too
	ReasonIATA          Reason = "iata_filter"    // the region is not accepted here
	ReasonBlacklisted   Reason = "blacklisted"    // the observer is not accepted here
	ReasonGeo           Reason = "geo_filter"     // an advert from outside, and foreign adverts are dropped
	ReasonClientTopic   Reason = "client_topic"   // client coverage is off
	ReasonNoPosition    Reason = "no_position"    // a client's reception without its position
	ReasonBadPosition   Reason = "bad_position"   // a client's position that is not on Earth
	ReasonNotHeard      Reason = "not_heard"      // a client's packet that it does not say to have received
	ReasonNoHeardKey    Reason = "no_heard_key"   // a client's reception that does not show which node it heard
	ReasonNotForUs      Reason = "not_for_us"     // a topic that carries nothing for the database
	ReasonTooLong       Reason = "text_too_long"  // a field longer than anything real
	ReasonManyObservers Reason = "many_observers" // of an observer that is new, when too many were new in one day
	ReasonBadRecord     Reason = "bad_record"     // the database refused the record for good: a defect of the hub
)

// Reasons returns every reason there is, in a fixed order.
func Reasons() []Reason {
	return []Reason{
		ReasonBadJSON, ReasonNoRaw, ReasonBadHex, ReasonBadLength, ReasonBadFrame, ReasonBadVersion,
		ReasonBadSignature, ReasonBadAdvert, ReasonBadTopic, ReasonRawTwice, ReasonIATA, ReasonBlacklisted,
		ReasonGeo, ReasonClientTopic, ReasonNoPosition, ReasonBadPosition, ReasonNotHeard, ReasonNoHeardKey,
		ReasonNotForUs, ReasonTooLong, ReasonManyObservers, ReasonBadRecord,
	}
}

// outcome is Passed for a message that nothing is wrong with, except that the
// database has no use for it; Worthless for one that is refused.
func (r Reason) outcome() Outcome {
	switch r {
	case ReasonNotForUs, ReasonClientTopic, ReasonBadTopic, ReasonRawTwice, ReasonNoPosition, ReasonNotHeard, ReasonNoHeardKey:
		return Passed
	}
	return Worthless
}
