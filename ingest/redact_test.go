package ingest

import (
	"strings"
	"testing"
)

func TestRedactLeavesOutWhatLimitedViewersDoNotGet(t *testing.T) {
	t.Parallel()
	prefix := "meshcore/ZRH/" + strings.Repeat("A", 64) + "/"
	for _, c := range []struct{ leaf, payload, want string }{
		{"packets", `{"origin":"Hill 📡<&>","raw":"0903","SNR":"-7","RSSI":-103,"score":null,"len":"25","hash":"F9"}`, `{"origin":"Hill 📡<&>","raw":"0903","len":"25","hash":"F9"}`},
		{"packets", ` {"snr":1.5,"a":{"b":[1,{"last_rssi":2,"c":1e5}],"Signal-SNR":3},"d":true} `, `{"a":{"b":[1,{"c":1e5}]},"d":true}`},
		{"status", `{"status":"online","model":"Heltec V3","firmware_version":"v1","firmware":"x","stats":{"battery_mv":1},"battery_mv":2,"radio":"869.618,62.5,8,8","noise_floor":-1}`, `{"status":"online","radio":"869.618,62.5,8,8"}`},
		{"neighbors", `{"neighbors":[{"pubkey":"AB","snr":8.5,"status":"responded"}]}`, `{"neighbors":[{"pubkey":"AB","status":"responded"}]}`},
		{"packets", `{"\u0053NR":1,"s\u006er":2,"x":0}`, `{"x":0}`},
		{"packets", `{"SNR":1,"SNR":2}`, `{}`},
		{"status", ``, ``},
	} {
		got, ok := Redact(prefix+c.leaf, []byte(c.payload))
		if !ok || string(got) != c.want {
			t.Errorf("%s %s\ngot  %s (%v)\nwant %s", c.leaf, c.payload, got, ok, c.want)
		}
	}
}

func TestRedactWithholdsWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	prefix := "meshcore/ZRH/" + strings.Repeat("A", 64) + "/"
	for topic, payload := range map[string]string{
		prefix + "debug":             `{"message":"SNR=-7"}`,
		prefix + "serial/responses":  `{}`,
		prefix + "internal":          `{}`,
		prefix + "packets":           `[{"SNR":1}]`,
		prefix + "status":            `{"a":1} {"SNR":1}`,
		prefix + "raw":               `{"a":`,
		prefix + "decoded":           strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50),
		"homeassistant/light/status": `{}`,
		"meshcore/packets":           "SNR=1",
	} {
		if got, ok := Redact(topic, []byte(payload)); ok {
			t.Errorf("%s %.40s: got %s", topic, payload, got)
		}
	}
}
