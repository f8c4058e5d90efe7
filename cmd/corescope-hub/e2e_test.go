package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// Topics and a packet of an invented observer.
const (
	observerKey = "AAAA0000000000000000000000000000000000000000000000000000000000A1"
	packetTopic = "meshcore/SEA/" + observerKey + "/packets"
	statusTopic = "meshcore/SEA/" + observerKey + "/status"
)

// packetMessage is a message as meshcoretomqtt sends it; number makes its packet
// differ from others.
func packetMessage(number int) string {
	return fmt.Sprintf(`{"origin":"Hill","origin_id":"%s","type":"PACKET","direction":"rx","len":"21","SNR":"-7","RSSI":"-103","score":"971",`+
		`"raw":"0901ABA1B2C3D4%08XF60718293A4B5C6D7E8F"}`, observerKey, number)
}

func TestAcknowledgedMessageIsInTheDatabase(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	db := h.open()
	client := h.client("observer")
	for qos := byte(1); qos <= 2; qos++ {
		done(t, client.Publish(packetTopic, qos, false, packetMessage(int(qos))))
		if n := count(t, db, `SELECT count(*) FROM observations o JOIN observers s ON s.rowid = o.observer_idx WHERE s.id = ?`, observerKey); n != int(qos) {
			t.Errorf("after a QoS %d publish there are %d rows", qos, n)
		}
	}
}

func TestEveryVersionAndQoSOfAnotherClientIsStored(t *testing.T) {
	t.Parallel()
	pub := needTool(t, "mosquitto_pub")
	h := startHub(t, "")
	host, port := splitURL(t, h.mqtt)
	number := 0
	for _, version := range []string{"mqttv31", "mqttv311", "mqttv5"} {
		for qos := range 3 {
			number++
			out, err := exec.CommandContext(t.Context(), pub, "-h", host, "-p", port, "-V", version, "-q", fmt.Sprint(qos),
				"-t", packetTopic, "-m", packetMessage(number)).CombinedOutput()
			if err != nil {
				t.Errorf("%s, QoS %d: %v: %s", version, qos, err, out)
			}
		}
	}
	if code := h.stop(syscall.SIGTERM); code != exitOK { // QoS 0 has no acknowledgement: a clean stop stores it
		t.Fatalf("exit code %d", code)
	}
	if n := count(t, h.open(), `SELECT count(*) FROM transmissions`); n != number {
		t.Errorf("%d of %d packets are stored", n, number)
	}
}

func TestSubscribersGetMessagesAndRetainedStatus(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	observer := h.client("observer")
	early, late := make(chan mqtt.Message, 10), make(chan mqtt.Message, 10)
	viewer := h.client("viewer")
	done(t, viewer.Subscribe("meshcore/#", 0, func(_ mqtt.Client, m mqtt.Message) { early <- m }))
	for _, sent := range []struct {
		topic, payload string
		retain         bool
	}{
		{statusTopic, `{"status":"online","origin":"Hill","stats":{"battery_mv":3997}}`, true},
		{packetTopic, packetMessage(1), false},
	} {
		done(t, observer.Publish(sent.topic, 1, sent.retain, sent.payload))
		if m := next(t, early); m.Topic() != sent.topic || string(m.Payload()) != sent.payload || m.Retained() {
			t.Errorf("a subscriber got %s %s, retained %v", m.Topic(), m.Payload(), m.Retained())
		}
	}
	done(t, h.client("later").Subscribe("meshcore/#", 0, func(_ mqtt.Client, m mqtt.Message) { late <- m }))
	if m := next(t, late); m.Topic() != statusTopic || !m.Retained() {
		t.Errorf("a new subscriber got %s %s, retained %v", m.Topic(), m.Payload(), m.Retained())
	}
}

func TestGarbageCostsNeitherTheConnectionNorTheHub(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	client := h.client("observer")
	for _, garbage := range []string{"", "{", "[1,2]", `{"raw":5}`, `{"raw":"zz"}`, `{"raw":"FF"}`, `{}`, strings.Repeat("\x00\xff", 30_000), strings.Repeat("[", 60_000), `{"raw":"` + strings.Repeat("09", 30_000) + `"}`} {
		done(t, client.Publish(packetTopic, 1, false, garbage))
		done(t, client.Publish(statusTopic, 1, false, garbage))
	}
	done(t, client.Publish(packetTopic, 1, false, packetMessage(1)))
	if n := count(t, h.open(), `SELECT count(*) FROM transmissions`); n != 1 {
		t.Errorf("%d transmissions", n)
	}
	if m := get(t, h.console+"/metrics"); !strings.Contains(m, `corescope_hub_ingest_unstored_total{reason="bad_json"}`) || strings.Contains(m, `{reason="bad_json"} 0`) {
		t.Errorf("bad JSON was not counted:\n%s", m)
	}
}

func TestConsolesPortCarriesMQTT(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	overWeb := func(id string) mqtt.Client {
		return h.client(id, func(o *mqtt.ClientOptions) {
			o.Servers = nil
			o.AddBroker(strings.Replace(h.console, "http://", "ws://", 1) + "/mqtt")
		})
	}
	done(t, overWeb("observer").Publish(packetTopic, 1, false, packetMessage(1)))
	if n := count(t, h.open(), `SELECT count(*) FROM transmissions`); n != 1 {
		t.Errorf("%d transmissions", n)
	}
	off := startHub(t, "", "CORESCOPE_HUB_CONSOLE_MQTT=false")
	if got := get(t, off.console+"/mqtt"); !strings.Contains(got, "nothing at /mqtt") {
		t.Errorf("switched off, it answers %q", got)
	}
}

func TestReadyzAnswersOnceTheHubRuns(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	for path, want := range map[string]string{"/readyz": "ready\n", "/healthz": "alive\n"} {
		if got := get(t, h.console+path); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}

func TestReadyzSaysThatCommitsFailAndThatTheyWorkAgain(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	release := lock(t, h.db)
	h.client("first").Publish(packetTopic, 1, false, packetMessage(1)) // not acknowledged
	h.log.await("database commits fail")
	if got := get(t, h.console+"/readyz"); !strings.HasPrefix(got, "not ready\ndatabase: the last commit failed: ") {
		t.Errorf("while commits fail: %q", got)
	}
	release()
	done(t, h.client("second").Publish(packetTopic, 1, false, packetMessage(2)))
	if got := get(t, h.console+"/readyz"); got != "ready\n" {
		t.Errorf("after a commit: %q", got)
	}
}

func TestHealthcheckAsksTheHubThatRunsWithTheSameSettings(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	var out, errOut strings.Builder
	env := environment{vars: []string{"CORESCOPE_HUB_CONSOLE_LISTEN=" + strings.TrimPrefix(h.console, "http://")}, stdout: &out, stderr: &errOut}
	if code := run(t.Context(), env, []string{"healthcheck"}); code != exitOK || out.String() != "ready\n" {
		t.Errorf("exit code %d: %s%s", code, &out, &errOut)
	}
}

func TestHealthcheckReachesAConsoleOnEveryAddress(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":8080": "127.0.0.1:8080", "0.0.0.0:8080": "127.0.0.1:8080", "[::]:8080": "127.0.0.1:8080",
		"10.0.0.5:80": "10.0.0.5:80", "[fd00::1]:80": "[fd00::1]:80", "pi:80": "pi:80",
	} {
		if got, err := consoleAddress(listen); err != nil || got != want {
			t.Errorf("%s: got %q, %v", listen, got, err)
		}
	}
}

func TestBridgeBringsTheMessagesOfAnotherBroker(t *testing.T) {
	t.Parallel()
	upstream := startHub(t, "")
	h := startHub(t, "", "MQTT_BROKER="+upstream.mqtt)
	h.log.await("bridge up")
	done(t, upstream.client("observer").Publish(packetTopic, 1, false, packetMessage(1)))
	awaitRows(t, h.open(), 1)
}

// awaitRows polls the database, as CoreScope's web server does.
func awaitRows(t *testing.T, db *sql.DB, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for n := -1; n < want; {
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM observations`).Scan(&n); err != nil {
			t.Fatalf("%d of %d rows: %v", n, want, err)
		}
	}
}

func next(t *testing.T, from <-chan mqtt.Message) mqtt.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case m := <-from:
		return m
	case <-ctx.Done():
		t.Fatal("no message came")
		return nil
	}
}

func splitURL(t *testing.T, address string) (host, port string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Hostname(), u.Port()
}

// awaitText asks until the answer contains text.
func awaitText(t *testing.T, address, text string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(get(t, address), text); {
		if time.Now().After(deadline) {
			t.Fatalf("%s never says %q", address, text)
		}
	}
}

func get(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
