// Package ingest says what an MQTT message means. It turns one PUBLISH of a
// MeshCore observer into one store.Record, or into a Reason for storing none.
//
//	topic -> policy -> envelope (JSON) -> decoder.Decode -> store.Record -> Recorder.Append
//
// Everything up to Append is pure: no I/O, no goroutine, no clock but
// Message.Received, and no memory but of which observers send packets, since
// these need no raw frames. The whole of it runs on the caller's goroutine.
//
// # What is promised
//
// The verdict of a message is given exactly once. Stored means that its
// record is committed. A refused packet is stored too, as a record that holds
// only a store.Drop, and its verdict waits for that commit. NotSafe means that
// nothing is known to be committed: the sender must keep the message.
//
// # What is believed
//
// The topic says who reports: meshcore/{IATA}/{ID}/{leaf}. Only a flat one,
// meshcore/{leaf}, leaves that to the payload's origin_id. Of the payload only
// the frame in "raw" is trusted to describe the packet; hash, type, route and
// path are derived from it, and whose radio heard whose. Numbers may come as
// text, with or without a unit. Times are those of the hub; the observer's clock
// only serves to notice that it has no zone and is off.
//
// A roaming client, meshcore/client/{KEY}/packets, may be late by days: the time
// it gives is believed as far as it can be right.
//
// Text from MQTT and from the air is hostile: it is bounded, and control
// characters are removed.
//
// The forms of topics and payloads, and the columns that CoreScope's server
// reads, follow CoreScope's ingestor. Where that would lose or falsify data,
// the hub departs from it, and the code says so.
package ingest
