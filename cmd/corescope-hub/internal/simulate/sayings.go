package simulate

// Channels are the hashtag channels that people talk on, besides Public.
func Channels() []string { return []string{"#boats", "#weather", "#bot"} }

// sayings are what people say, and where; "" is the channel Public.
var sayings = []struct{ channel, text string }{
	{"", "ferry is running again, about two hours late"},
	{"", "hall is open until nine, soup on"},
	{"", "anyone near the old pier with a lamp?"},
	{"", "good morning mesh, 4 hops from the glen today"},
	{"", "new antenna is up, how do you hear me?"},
	{"", "hear you 5 by 5 at the harbour"},
	{"", "power cut on the north side, repeater is on battery"},
	{"", "back on mains since ten past"},
	{"", "who has a spare SMA pigtail?"},
	{"", "testing from the summit, great view"},
	{"", "road past the weir is flooded, go round by the mill"},
	{"", "thanks all, good night 73"},
	{"#boats", "anchored off the point, wind dropping"},
	{"#boats", "two lights showing at the harbour mouth"},
	{"#boats", "slack water at 16:40, see you at the bar"},
	{"#boats", "lost a fender, orange, drifting east"},
	{"#weather", "6 C, wet, gusting 30 on the ridge"},
	{"#weather", "pressure 991 and falling"},
	{"#weather", "fog lifting over the firth"},
	{"#weather", "first frost up here, -2 at dawn"},
	{"#bot", "path KILN–RIDGE–TOWER, 3 hops, 5.5 dB"},
	{"#bot", "pong, 2 hops, 9.25 dB"},
	{"#bot", "19 nodes heard in the last hour"},
}
