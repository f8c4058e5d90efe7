package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// write puts text into a new file and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFileOverridesDefaultsAndEnvironmentOverridesFile(t *testing.T) {
	t.Parallel()
	path := write(t, "config.json", `{
		// as CoreScope's server wants it
		"port": 3000, "apiKey": "x", "packetStore": {"maxMemoryMB": 10},
		"dbPath": "from-file.db",
		"hub": {
			"broker": {"listen": ["tcp://127.0.0.1:1"], "iataFilter": ["SEA"], "auth": {"anonymous": false}},
			"store": {"commitInterval": "1s"},
		},
	}`)
	c, err := Load(path, []string{
		"DB_PATH=from-env.db",
		"CORESCOPE_HUB_BROKER_LISTEN=tcp://127.0.0.1:2, tcp://[::1]:3",
		"CORESCOPE_HUB_CONSOLE_LISTEN=",
		"CORESCOPE_HUB_STORE_COMMIT_INTERVAL=0s",
		"CORESCOPE_HUB_LOG_LEVEL=debug",
		"CORESCOPE_HUB_BROKER_AUTH_ANONYMOUS=true",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.DBPath != "from-env.db" {
		t.Errorf("dbPath is %q", c.DBPath)
	}
	want := Hub{
		Broker:  Default().Hub.Broker,
		Bridges: Default().Hub.Bridges,
		Sources: Sources{},
		Console: Default().Hub.Console,
		Store:   Store{CommitInterval: 0},
		Log:     Log{Level: -4},
	}
	want.Broker.Listen = []Listener{{Address: "tcp://127.0.0.1:2"}, {Address: "tcp://[::1]:3"}}
	want.Broker.IATAFilter, want.Broker.Auth.Anonymous, want.Console.Listen = []string{"SEA"}, "true", ""
	if !reflect.DeepEqual(c.Hub, want) {
		t.Errorf("got  %+v\nwant %+v", c.Hub, want)
	}
	if !c.ValidateSignatures || c.Retention.NodeDays != 7 {
		t.Errorf("what the file does not mention lost its default: %+v", c)
	}
}

func TestEveryHubKeyHasAVariable(t *testing.T) {
	t.Parallel()
	values := map[string]string{ // one that differs from the default, by type
		"[]config.Listener": "tcp://127.0.0.1:9", "[]string": "hub.example", "bool": "true", "string": "127.0.0.1:9", "config.Duration": "2s", "config.Anonymous": "false", "config.LogLevel": "error",
		"config.Sources": `{"env":{"qos":0}}`, "config.Observers": "known", "config.ConsoleAuth": "viewer", "int": "7",
	}
	byKey := map[string]string{"hub.broker.auth.token.maxLifetime": "1h", "hub.broker.trustedProxies": "10.0.0.1,fd00::/64", "hub.console.mqtt": "false", "hub.console.coreScope": "https://mesh.example/scope"}
	needs := map[string][]string{
		"hub.broker.tls.certFile": {"CORESCOPE_HUB_BROKER_TLS_KEY_FILE=other.pem"},
		"hub.broker.tls.keyFile":  {"CORESCOPE_HUB_BROKER_TLS_CERT_FILE=other.pem"},
		"hub.broker.tls.domains":  {"CORESCOPE_HUB_BROKER_TLS_AGREE=true", "CORESCOPE_HUB_BROKER_LISTEN=wss://:443"},
		"hub.console.auth":        {"CORESCOPE_HUB_BROKER_AUTH_USERS_FILE=users"},
		"hub.sources":             {"MQTT_BROKER=mqtt://far.example"},
	}
	leaves(reflect.ValueOf(Hub{}), "hub", func(key string, field reflect.Value) {
		value, ok := values[field.Type().String()]
		if v, special := byKey[key]; special {
			value = v
		}
		if !ok {
			t.Fatalf("%s: say here what a %s may be", key, field.Type())
		}
		vars := append(needs[key], EnvName(key)+"="+value)
		if _, err := Load(write(t, "c.json", "{}"), vars); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		c := Default()
		if err := c.environ([]string{EnvName(key) + "=" + value}); err != nil {
			t.Fatal(err)
		}
		if reflect.DeepEqual(c.Hub, Default().Hub) {
			t.Errorf("%s=%s changes nothing", EnvName(key), value)
		}
	})
}

func TestEnvNameIsDerived(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"hub.broker.listen":         "CORESCOPE_HUB_BROKER_LISTEN",
		"hub.broker.iataFilter":     "CORESCOPE_HUB_BROKER_IATA_FILTER",
		"hub.store.commitInterval":  "CORESCOPE_HUB_STORE_COMMIT_INTERVAL",
		"hub.x.maxMemoryMB":         "CORESCOPE_HUB_X_MAX_MEMORY_MB",
		"hub.broker.auth.anonymous": "CORESCOPE_HUB_BROKER_AUTH_ANONYMOUS",
		"dbPath":                    "",
		"hubris":                    "",
	} {
		if got := EnvName(key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
}

func TestUnknownVariablesAreWarnedAbout(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, "c.json", "{}"), []string{"CORESCOPE_HUB_BROKER_LISTENS=x", "CORESCOPE_INGESTOR_STATS=/x", "PATH=/bin", "MQTT_TOPIC=x"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"the variable CORESCOPE_HUB_BROKER_LISTENS is not a setting and changes nothing",
		"the variable MQTT_TOPIC is read only beside MQTT_BROKER and changes nothing",
	}
	if got := c.Warnings(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestBadConfigIsOneLineThatNamesKeyValueAndRemedy(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		text string
		env  []string
		want string // %s is the path of the file
	}{
		"syntax": {text: "{\n  \"dbPath\": \"x\"\n  \"hub\": {}\n}",
			want: `%s:3:3: invalid character '"' after object value (expecting ',' or '}'): look for a missing or extra comma, quote or bracket there`},
		"cut short": {text: `{"hub": {`,
			want: `%s:1:10: parsing value: unexpected EOF: look for a missing or extra comma, quote or bracket there`},
		"not an object": {text: `[]`, want: `%s:1:1: []: not an object: write { "name": value }`},
		"unknown hub key": {text: "{\"hub\": {\"broker\": {\"listne\": []}}}",
			want: `%s:1:21: hub.broker.listne: no such setting: the nearest is hub.broker.listen`},
		"unknown hub section":          {text: `{"hub": {"brokr": {}}}`, want: `%s:1:10: hub.brokr: no such setting: the nearest is hub.broker`},
		"case of a hub key":            {text: `{"hub": {"Broker": {}}}`, want: `%s:1:10: hub.Broker: no such setting: the nearest is hub.broker`},
		"type of a list":               {text: `{"hub": {"broker": {"listen": "tcp://:1"}}}`, want: `%s:1:31: hub.broker.listen "tcp://:1": not a list of listeners: write [ "tcp://:1883" ]`},
		"type of a section":            {text: `{"retention": 7}`, want: `%s:1:15: retention 7: not an object: write { "name": value }`},
		"type in a source":             {text: "{\"mqttSources\": [{\"broker\": \"mqtt://a\"},\n {\"connectTimeoutSec\": \"5\"}]}", want: `%s:2:24: mqttSources[1].connectTimeoutSec "5": not a whole number: write digits only, without quotes`},
		"bool":                         {text: `{"validateSignatures": "yes"}`, want: `%s:1:24: validateSignatures "yes": neither true nor false: write true or false, without quotes`},
		"duration":                     {text: `{"hub": {"store": {"commitInterval": 250}}}`, want: `%s:1:38: hub.store.commitInterval 250: not a duration: write a number and its unit in quotes, such as "250ms" or "1s"`},
		"long interval":                {text: `{"hub": {"store": {"commitInterval": "1h"}}}`, want: `%s:1:38: hub.store.commitInterval "1h0m0s": out of range: write 0s to 10s`},
		"log level":                    {text: `{"hub": {"log": {"level": "trace"}}}`, want: `%s:1:27: hub.log.level "trace": no such log level: write "debug", "info", "warn" or "error"`},
		"anonymous":                    {text: `{"hub": {"broker": {"auth": {"anonymous": "wan"}}}}`, want: `%s:1:43: hub.broker.auth.anonymous "wan": no such choice: write "lan", true or false`},
		"no listener":                  {text: `{"hub": {"broker": {"listen": []}}}`, want: `%s:1:31: hub.broker.listen: no listener: write tcp://HOST:PORT, or tcp://:PORT for every address`},
		"listener scheme":              {text: `{"hub": {"broker": {"listen": ["mqtt://:1883"]}}}`, want: `%s:1:31: hub.broker.listen "mqtt://:1883": no such kind of listener: "mqtt": write tcp://HOST:PORT, or tcp://:PORT for every address`},
		"listener port":                {text: `{"hub": {"broker": {"listen": ["tcp://:70000"]}}}`, want: `%s:1:31: hub.broker.listen "tcp://:70000": no port from 0 to 65535: write tcp://HOST:PORT, or tcp://:PORT for every address`},
		"listener twice":               {text: `{"hub": {"broker": {"listen": ["tcp://:1", "tcp://:1"]}}}`, want: `%s:1:31: hub.broker.listen "tcp://:1": listed twice, with "tcp://:1": take one of them out`},
		"listener within":              {text: `{"hub": {"broker": {"listen": ["tcp://0.0.0.0:1", "tcp://127.0.0.1:1"]}}}`, want: `%s:1:31: hub.broker.listen "tcp://127.0.0.1:1": listed twice, with "tcp://0.0.0.0:1": take one of them out`},
		"console on a listener":        {text: `{"hub": {"broker": {"listen": ["tcp://127.0.0.1:0", "tcp://:8080"]}}}`, want: `hub.console.listen ":8080": has the port of hub.broker.listen "tcp://:8080": give one of them another port`},
		"hub in another case":          {text: `{"Hub": {"brokr": {}}}`, want: `%s:1:10: hub.brokr: no such setting: the nearest is hub.broker`},
		"empty":                        {text: " \n", want: `%s: the file is empty: write {} for the defaults, or remove it`},
		"UTF-16":                       {text: "\xff\xfe{\x00}\x00", want: `%s: the file is UTF-16 text: save it as UTF-8`},
		"blank database":               {text: `{"DBPATH": " "}`, want: `%s:1:12: dbPath " ": no path: name the file of the database, or leave dbPath out`},
		"home of the shell":            {text: `{"dbPath": "~/mesh.db"}`, want: `%s:1:12: dbPath "~/mesh.db": ~ is not a directory here: write the whole path`},
		"console address":              {text: `{"hub": {"console": {"listen": "8080"}}}`, want: `%s:1:32: hub.console.listen "8080": not an address: write HOST:PORT, ":8080" for every address, or "" for none`},
		"CoreScope's pages, no URL":    {text: `{"hub": {"console": {"coreScope": "mesh.example:3000"}}}`, want: `%s:1:35: hub.console.coreScope "mesh.example:3000": not the address of pages: write http://HOST:PORT, without a login and without what follows # or ?`},
		"CoreScope's pages, a script":  {text: `{"hub": {"console": {"coreScope": "javascript:alert(1)"}}}`, want: `%s:1:35: hub.console.coreScope "javascript:alert(1)": not the address of pages: write http://HOST:PORT, without a login and without what follows # or ?`},
		"CoreScope's pages, a page":    {text: `{"hub": {"console": {"coreScope": "http://mesh.example/#/live"}}}`, want: `%s:1:35: hub.console.coreScope "http://mesh.example/#/live": not the address of pages: write http://HOST:PORT, without a login and without what follows # or ?`},
		"broker scheme":                {text: `{"mqttSources": [{"broker": "http://u:secret@host:1"}]}`, want: `%s:1:29: mqttSources[0].broker "http://u:xxxxx@host:1": unknown scheme "http": write mqtt://HOST:PORT, or mqtts, ws or wss`},
		"broker without URL":           {text: `{"mqtt": {"broker": "u:secret@ho st:1883"}}`, want: `%s:1:21: mqtt.broker "…@ho st:1883": not the address of a broker: write mqtt://HOST:PORT, or mqtts, ws or wss`},
		"# in a password":              {text: `{"mqttSources": [{"broker": "mqtt://u:sec#ret@host:1"}]}`, want: `%s:1:29: mqttSources[0].broker: a user name or password that ends the address: write # in it as %23, / as %2F and ? as %3F, or use username and password`},
		"/ in a password":              {text: `{"mqttSources": [{"broker": "mqtt://u:12/ret@host:1"}]}`, want: `%s:1:29: mqttSources[0].broker: a user name or password that ends the address: write # in it as %23, / as %2F and ? as %3F, or use username and password`},
		"IPv6 without brackets":        {text: `{"mqttSources": [{"broker": "mqtt://fd00::20:1883"}]}`, want: `%s:1:29: mqttSources[0].broker "mqtt://fd00::20:1883": not a host and a port: write an address of IPv6 in brackets, as mqtt://[fd00::20]:1883`},
		"no broker":                    {text: `{"mqttSources": [{"name": "a"}]}`, want: `%s:1:18: mqttSources[0].broker "": not the address of a broker: write mqtt://HOST:PORT, or mqtts, ws or wss`},
		"topic":                        {text: `{"mqttSources": [{"broker": "mqtt://a", "topics": ["a/#/b"]}]}`, want: `%s:1:51: mqttSources[0].topics "a/#/b": not a topic filter: write one such as meshcore/#`},
		"channel key type":             {text: `{"channelKeys": {"Club": 12}}`, want: `%s:1:17: channelKeys: not an object of texts: write { "name": "text" }`},
		"place":                        {text: `{"geo_filter": {"polygon": [[1, 2], [3, 4], [5]]}}`, want: `%s:1:28: geo_filter.polygon [5]: not a place: write [latitude, longitude] in degrees`},
		"variable":                     {text: `{}`, env: []string{"CORESCOPE_HUB_STORE_COMMIT_INTERVAL=fast"}, want: `CORESCOPE_HUB_STORE_COMMIT_INTERVAL: hub.store.commitInterval "fast": not a duration: write a number and its unit in quotes, such as 250ms or 1s`},
		"listen variable":              {text: `{}`, env: []string{"CORESCOPE_HUB_BROKER_LISTEN=1883"}, want: `CORESCOPE_HUB_BROKER_LISTEN: hub.broker.listen "1883": not a listener: write tcp://HOST:PORT, or tcp://:PORT for every address`},
		"broker variable":              {text: `{}`, env: []string{"MQTT_BROKER=localhost:x"}, want: `MQTT_BROKER: mqttSources[0].broker "localhost:x": not the address of a broker: write mqtt://HOST:PORT, or mqtts, ws or wss`},
		"listener without certificate": {text: `{"hub": {"broker": {"listen": ["wss://:443"]}}}`, want: `%s:1:31: hub.broker.listen "wss://:443": no certificate: name one with hub.broker.tls.certFile and keyFile, or a domain with hub.broker.tls.domains`},
		"half of a certificate":        {text: `{"hub": {"broker": {"tls": {"certFile": "c.pem"}}}}`, want: `%s:1:41: hub.broker.tls.certFile: half of a certificate: name its keyFile, too`},
		"audience that is a URL":       {text: `{"hub": {"broker": {"auth": {"token": {"audiences": ["https://hub.example"]}}}}}`, want: `%s:1:53: hub.broker.auth.token.audiences "https://hub.example": not a host name: write the host name alone, as observers connect to it`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, "c.json", tc.text)
			_, err := Load(path, tc.env)
			var ce *Error
			if !errors.As(err, &ce) {
				t.Fatalf("got %v, want a *config.Error", err)
			}
			want := strings.ReplaceAll(tc.want, "%s", path)
			if err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Error("more than one line")
			}
		})
	}
}

func TestNamedFileThatIsMissingIsAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.json")
	_, err := Load(path, nil)
	want := `config file "` + path + `": no such file or directory: check the path, or leave --config out to run with the defaults`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestDirectoryInPlaceOfAFileIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := Load(t.TempDir(), nil); err == nil || !strings.HasSuffix(err.Error(), ": is a directory: name the file in it") {
		t.Errorf("got %v", err)
	}
}

// It changes the working directory, so it cannot run beside others.
func TestConfigJSONInTheWorkingDirectoryIsReadIfThereIsOne(t *testing.T) {
	t.Chdir(t.TempDir())
	c, err := Load("", nil)
	if err != nil || c.File() != "" || c.DBPath != "data/meshcore.db" {
		t.Fatalf("without a file: %+v, %v", c, err)
	}
	if err := os.WriteFile("config.json", []byte(`{"dbPath": "here.db"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err = Load("", nil)
	if err != nil || c.File() != "config.json" || c.DBPath != "here.db" {
		t.Fatalf("with a file: %+v, %v", c, err)
	}
}
