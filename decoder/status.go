package decoder

// NodeStatus is what repeaters and room servers both say of themselves. All
// counters run since the node's start. Source: firmware
// simple_repeater/MyMesh.h, RepeaterStats; simple_room_server/MyMesh.h, ServerStats.
type NodeStatus struct {
	BatteryMV   uint16
	TxQueue     uint16 // packets
	NoiseFloor  int16  // dBm
	LastRSSI    int16  // dBm
	Received    uint32 // packets
	Sent        uint32 // packets
	AirtimeSecs uint32 // sending
	UptimeSecs  uint32
	SentFlood   uint32 // packets
	SentDirect  uint32
	RecvFlood   uint32
	RecvDirect  uint32
	ErrorFlags  uint16
	LastSNR     int16  // quarter dB
	DirectDups  uint16 // packets
	FloodDups   uint16
}

// RepeaterStatus is the status of a repeater.
type RepeaterStatus struct {
	NodeStatus
	RxAirtimeSecs *uint32 // receiving; nil before 1.8
	RecvErrors    *uint32 // packets; nil before 1.12
}

// RoomStatus is the status of a room server.
type RoomStatus struct {
	NodeStatus
	Posted     uint16 // posts taken
	PostPushes uint16 // posts passed on to clients
}

// Kind is ResponseRepeater.
func (*RepeaterStatus) Kind() ResponseKind { return ResponseRepeater }

// Kind is ResponseRoom.
func (*RoomStatus) Kind() ResponseKind { return ResponseRoom }

// readRepeaterStatus takes the two newest fields when there are bytes for them.
// The padding of an older node's shorter status reads as zeros there: what its
// true length was is not on the wire.
func readRepeaterStatus(c *cursor, _ Hint) (Answer, error) {
	s := &RepeaterStatus{NodeStatus: readNodeStatus(c)}
	if c.left() >= 4 {
		s.RxAirtimeSecs = new(c.uint32("receive airtime"))
	}
	if c.left() >= 4 {
		s.RecvErrors = new(c.uint32("receive errors"))
	}
	return answer(s, c)
}

func readRoomStatus(c *cursor, _ Hint) (Answer, error) {
	s := &RoomStatus{NodeStatus: readNodeStatus(c)}
	s.Posted = c.uint16("posted")
	s.PostPushes = c.uint16("post pushes")
	return answer(s, c)
}

func readNodeStatus(c *cursor) NodeStatus {
	return NodeStatus{
		BatteryMV:   c.uint16("battery"),
		TxQueue:     c.uint16("transmit queue"),
		NoiseFloor:  c.int16("noise floor"),
		LastRSSI:    c.int16("last RSSI"),
		Received:    c.uint32("packets received"),
		Sent:        c.uint32("packets sent"),
		AirtimeSecs: c.uint32("airtime"),
		UptimeSecs:  c.uint32("uptime"),
		SentFlood:   c.uint32("sent by flood"),
		SentDirect:  c.uint32("sent direct"),
		RecvFlood:   c.uint32("received by flood"),
		RecvDirect:  c.uint32("received direct"),
		ErrorFlags:  c.uint16("error flags"),
		LastSNR:     c.int16("last SNR"),
		DirectDups:  c.uint16("direct duplicates"),
		FloodDups:   c.uint16("flood duplicates"),
	}
}
