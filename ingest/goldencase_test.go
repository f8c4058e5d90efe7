package ingest

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"corescope-hub/decoder"
)

// golden is what CoreScope's ingestor made of one message. Only the columns
// that a record decides are read.
type golden struct {
	Name, Profile, Deviation, Topic string
	Payload                         json.RawMessage
	Setup                           []struct {
		Topic   string
		Payload json.RawMessage
	}
	Stored       bool
	Transmission *goldenTransmission
	Observation  *goldenObservation
	Nodes        []goldenNode
	OtherTables  struct {
		Observers []goldenObserver `json:"observers"`
		Metrics   []map[string]any `json:"observer_metrics"`
		Dropped   []goldenDropped  `json:"dropped_packets"`

		ClientObservers []struct{ Pubkey, Name string } `json:"client_observers"`
		Receptions      []goldenReception               `json:"client_receptions"`
	} `json:"other_tables"`
}

type goldenTransmission struct {
	RawHex         string  `json:"raw_hex"`
	Hash           string  `json:"hash"`
	RouteType      uint8   `json:"route_type"`
	PayloadType    uint8   `json:"payload_type"`
	PayloadVersion uint8   `json:"payload_version"`
	DecodedJSON    string  `json:"decoded_json"`
	FromPubkey     *string `json:"from_pubkey"`
	ChannelHash    *string `json:"channel_hash"`
	ScopeName      *string `json:"scope_name"`
}

type goldenObservation struct {
	Direction *string  `json:"direction"`
	SNR       *float64 `json:"snr"`
	RSSI      *float64 `json:"rssi"`
	Score     *float64 `json:"score"`
	PathJSON  string   `json:"path_json"`
	RawHex    *string  `json:"raw_hex"`
}

type goldenNode struct {
	PublicKey    string   `json:"public_key"`
	Name         string   `json:"name"`
	Role         string   `json:"role"`
	Lat          *float64 `json:"lat"`
	Lon          *float64 `json:"lon"`
	BatteryMV    *int64   `json:"battery_mv"`
	TemperatureC *float64 `json:"temperature_c"`
	Foreign      int      `json:"foreign_advert"`
}

type goldenReception struct {
	Client      string   `json:"rx_pubkey"`
	HeardKey    string   `json:"heard_key"`
	HeardKeyLen int      `json:"heard_keylen"`
	RSSI        *int64   `json:"rssi"`
	SNR         *float64 `json:"snr"`
	Lat         float64  `json:"lat"`
	Lon         float64  `json:"lon"`
	AccuracyM   *float64 `json:"pos_acc_m"`
	HeardAt     string   `json:"rx_at"`
	Src         string   `json:"src"`
}

type goldenObserver struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	IATA          string   `json:"iata"`
	Model         string   `json:"model"`
	Firmware      string   `json:"firmware"`
	ClientVersion string   `json:"client_version"`
	Radio         string   `json:"radio"`
	CanRelay      int      `json:"can_relay"`
	NoiseFloor    *float64 `json:"noise_floor"`
	BatteryMV     *int64   `json:"battery_mv"`
	UptimeSecs    *int64   `json:"uptime_secs"`
}

type goldenDropped struct {
	Reason       string  `json:"reason"`
	Hash         *string `json:"hash"`
	RawHex       string  `json:"raw_hex"`
	ObserverID   string  `json:"observer_id"`
	ObserverName string  `json:"observer_name"`
	NodePubkey   *string `json:"node_pubkey"`
	NodeName     *string `json:"node_name"`
}

func goldenCases(t *testing.T) map[string][]golden {
	t.Helper()
	var all []golden
	readJSON(t, "testdata/golden.json", &all)
	byProfile := make(map[string][]golden)
	for _, c := range all {
		byProfile[c.Profile] = append(byProfile[c.Profile], c)
	}
	return byProfile
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// goldenKeys puts explicit keys before derived ones before the built-in one. An
// explicit "public" is the built-in channel.
func goldenKeys(t *testing.T, explicit map[string]string, hashtags []string) *decoder.Keyring {
	t.Helper()
	var channels []decoder.Channel
	for _, name := range slices.Sorted(maps.Keys(explicit)) {
		if name != "public" {
			channels = append(channels, decoder.Channel{Name: name, Secret: unhex(t, explicit[name])})
		}
	}
	for _, name := range hashtags {
		channels = append(channels, decoder.HashtagChannel(name))
	}
	channels = append(channels, decoder.Channel{Name: "Public", Secret: unhex(t, "8b3387e9c5cdea6ac9e5edbaa115cd72")})
	keys, err := decoder.NewKeyring(channels...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
