// Package broker is the hub's MQTT side: the broker that observers publish to,
// and the bridges to upstream brokers. It knows MQTT; it knows nothing of LoRa
// or SQL. Every PUBLISH goes to a Sink, and the Sink's verdict decides what the
// publisher and the subscribers see:
//
//	stored     acknowledged after the commit, then sent to subscribers
//	passed     acknowledged, sent to subscribers
//	worthless  acknowledged, sent to nobody, counted by reason
//	not safe   not acknowledged: the connection is closed, so that it comes again
//
// Acknowledgements are pipelined: a connection goes on reading while its
// messages wait for their commit, up to Options.MaxInFlight of them, and gets
// its answers in the order it published. Subscribers see the messages of one
// publisher in that order too, and only those that a power cut would not take
// back.
//
// No client waits for another. What the hub writes to a client goes to a
// bounded buffer of that connection, emptied by a goroutine of its own; a client
// that does not read loses messages, then its connection.
//
// Whose message one is counts for more than who sent it: an observer is known by
// the key in its topic, which a login may have proved. What the broker refuses is
// acknowledged and counted by its reason at that observer; only a failed login
// ends a connection. An observer is online while a connection speaks for it.
//
// MQTT library types stay inside this package.
package broker
