package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// startMosquitto runs a real broker of another make and returns its HOST:PORT.
func startMosquitto(t testing.TB, settings ...string) string {
	t.Helper()
	addr := freeAddress(t)
	startMosquittoAt(t, addr, settings...)
	return addr
}

// freeAddress is a HOST:PORT that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func startMosquittoAt(t testing.TB, addr string, settings ...string) {
	t.Helper()
	path := needTool(t, "mosquitto")
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "mosquitto.conf")
	text := "listener " + port + " 127.0.0.1\nallow_anonymous true\n" + strings.Join(settings, "\n") + "\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-c", conf)
	cmd.Env = os.Environ()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("mosquitto does not listen")
		}
	}
}

// publisher connects a client to any broker.
func publisher(t testing.TB, addr, id string) mqtt.Client {
	t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + addr).SetClientID(id).SetAutoReconnect(false))
	done(t, c.Connect())
	t.Cleanup(func() { c.Disconnect(100) })
	return c
}

// What the upstream handed over and got acknowledged is a row; what it did not,
// it hands over again.
func TestKilledHubLosesNothingThatAnUpstreamHandedOver(t *testing.T) {
	t.Parallel()
	const packets, kills = 600, 3
	upstream := startMosquitto(t, "max_queued_messages 0")
	db := filepath.Join(t.TempDir(), "meshcore.db")
	start := func() *hubProcess {
		h := startHub(t, "", "MQTT_BROKER=mqtt://"+upstream, "DB_PATH="+db)
		h.db = db
		h.log.await("bridge up")
		return h
	}
	h := start()
	observer := publisher(t, upstream, "observer")
	sent := make(chan error, 1)
	progress := make(chan int, packets)
	go func() {
		for i := range packets {
			token := observer.Publish(packetTopic, 1, false, packetMessage(i))
			if !token.WaitTimeout(patience) || token.Error() != nil {
				sent <- fmt.Errorf("publish %d: %w", i, token.Error())
				return
			}
			progress <- i
		}
		sent <- nil
	}()
	for kill := range kills {
		for i := range progress {
			if i >= (kill+1)*packets/(kills+1) { // in the middle of it
				break
			}
		}
		if err := h.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		h.wait()
		h = start()
		if !strings.Contains(h.log.String(), "session=resumed") {
			t.Errorf("not the same session:\n%s", h.log)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	awaitRows(t, h.open(), packets)
	if n := count(t, h.open(), `SELECT count(*) FROM transmissions`); n != packets {
		t.Errorf("%d of %d packets are stored", n, packets)
	}
}

func TestPacketThatComesByTwoWaysIsOneObservation(t *testing.T) {
	t.Parallel()
	first, second := startMosquitto(t), startHub(t, "")
	h := startHub(t, fmt.Sprintf(`{ "mqttSources": [ { "name": "first", "broker": "mqtt://%s" }, { "name": "second", "broker": %q } ] }`, first, second.mqtt))
	h.log.await(`bridge up" upstream=first`)
	h.log.await(`bridge up" upstream=second`)
	db := h.open()
	for number := range 3 {
		done(t, h.client("observer").Publish(packetTopic, 1, false, packetMessage(number)))
		done(t, publisher(t, first, "observer").Publish(packetTopic, 1, false, packetMessage(number)))
		done(t, second.client("observer").Publish(packetTopic, 1, false, packetMessage(number)))
	}
	for _, source := range []string{"first", "second"} {
		awaitText(t, h.console+"/metrics", `corescope_hub_ingest_stored_total{source="`+source+`"} 3`)
	}
	if n := count(t, db, `SELECT count(*) FROM observations`); n != 3 {
		t.Errorf("%d observations of 3 packets", n)
	}
	otherWay := strings.Replace(packetMessage(0), `"raw":"0901AB`, `"raw":"0902ABCD`, 1)
	done(t, publisher(t, first, "other").Publish(packetTopic, 1, false, otherWay))
	awaitRows(t, db, 4)
	if n := count(t, db, `SELECT count(*) FROM transmissions`); n != 3 {
		t.Errorf("%d transmissions", n)
	}
}

func TestRepublishShowsLocalSubscribersWhatABridgeBrings(t *testing.T) {
	t.Parallel()
	upstream := startMosquitto(t)
	h := startHub(t, fmt.Sprintf(`{
		"mqttSources": [ { "name": "far", "broker": "mqtt://%s" } ],
		"hub": { "sources": { "far": { "republish": true, "clientId": "me" } } },
	}`, upstream))
	h.log.await("bridge up")
	got := make(chan mqtt.Message, 10)
	done(t, h.client("viewer").Subscribe("meshcore/#", 0, func(_ mqtt.Client, m mqtt.Message) { got <- m }))
	done(t, publisher(t, upstream, "observer").Publish(packetTopic, 1, false, packetMessage(1)))
	if m := next(t, got); m.Topic() != packetTopic || string(m.Payload()) != packetMessage(1) {
		t.Errorf("got %s %s", m.Topic(), m.Payload())
	}
	awaitText(t, h.console+"/api/v1/sources", `"republished":1`)
}

// Two hubs that show what their bridges bring and a broker of another make are
// bridged in a ring: whatever is published anywhere goes round once, and no
// further.
func TestRingOfBridgesEnds(t *testing.T) {
	t.Parallel()
	other := freeAddress(t)
	const config = `{ "mqttSources": [ { "name": "ring", "broker": "mqtt://%s" } ], "hub": { "sources": { "ring": { "republish": true } } } }`
	first := startHub(t, fmt.Sprintf(config, other))
	second := startHub(t, fmt.Sprintf(config, strings.TrimPrefix(first.mqtt, "tcp://")))
	startMosquittoAt(t, other, "connection ring", "address "+strings.TrimPrefix(second.mqtt, "tcp://"), "topic # in 1")
	hubs := []*hubProcess{first, second}
	for _, h := range hubs {
		h.log.await("bridge up")
	}
	awaitText(t, second.console+"/metrics", "corescope_hub_broker_subscriptions 1\n") // the other broker

	got := make(chan mqtt.Message, 100)
	done(t, publisher(t, other, "viewer").Subscribe("meshcore/#", 1, func(_ mqtt.Client, m mqtt.Message) { got <- m }))
	publishers := []mqtt.Client{publisher(t, other, "observer"), first.client("observer"), second.client("observer")}
	for number, p := range publishers {
		done(t, p.Publish(packetTopic, 1, false, packetMessage(number)))
		done(t, p.Publish(statusTopic, 1, false, fmt.Sprintf(`{"status":"online","model":"%d"}`, number)))
	}
	seen := map[string]int{}
	for _, last := range []string{`{"model":"a"}`, `{"model":"b"}`} { // it follows all others round, twice
		for done(t, publishers[0].Publish(statusTopic, 1, false, last)); seen[last] < 2; {
			seen[string(next(t, got).Payload())]++
		}
	}
	for payload, times := range seen {
		if times > 2 { // as it was published, and when it had gone round
			t.Errorf("%d times: %s", times, payload)
		}
	}
	if len(seen) != 2*len(publishers)+2 {
		t.Errorf("%d different messages: %v", len(seen), seen)
	}
	for _, h := range hubs {
		if n := count(t, h.open(), `SELECT count(*) FROM observations`); n != len(publishers) {
			t.Errorf("%d observations of %d packets", n, len(publishers))
		}
		if n := count(t, h.open(), `SELECT packet_count FROM observers`); n != len(publishers) {
			t.Errorf("%d packets are counted", n)
		}
	}
}

func TestStatsFileTellsOfBridges(t *testing.T) {
	t.Parallel()
	upstream := startMosquitto(t)
	file := filepath.Join(t.TempDir(), "stats.json")
	h := startHub(t, "", "MQTT_BROKER=mqtt://u:hunter2@"+upstream, "CORESCOPE_INGESTOR_STATS="+file)
	h.log.await("bridge up")
	done(t, publisher(t, upstream, "observer").Publish(packetTopic, 1, false, packetMessage(1)))
	for want := `{"name":"env","broker":"mqtt://` + upstream + `","connected":true,`; ; {
		text, _ := os.ReadFile(file)
		if strings.Contains(string(text), "hunter2") {
			t.Fatalf("a password in %s", text)
		}
		if strings.Contains(string(text), want) && strings.Contains(string(text), `"packetsTotal":1`) {
			break
		}
		if t.Context().Err() != nil {
			t.Fatalf("no %s in %s", want, text)
		}
	}
	if code := h.stop(syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}
