package main

import (
	"strings"
	"syscall"
	"testing"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// kill -9, and a hub on the same database.
func TestRetainedStatusSurvivesAKill(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	done(t, h.client("observer").Publish(statusTopic, 1, true, `{"status":"online","origin":"Hill","model":"Heltec V3","stats":{"battery_mv":3997}}`))
	h.stop(syscall.SIGKILL)
	again := startHub(t, "", "DB_PATH="+h.db)
	got := make(chan mqtt.Message, 10)
	done(t, again.client("viewer").Subscribe("meshcore/#", 0, func(_ mqtt.Client, m mqtt.Message) { got <- m }))
	m := next(t, got)
	said := string(m.Payload())
	if m.Topic() != statusTopic || !m.Retained() || !strings.Contains(said, `"status":"offline"`) || !strings.Contains(said, `"model":"Heltec V3"`) || !strings.Contains(said, observerKey) {
		t.Errorf("after the restart: %s %s, retained %v", m.Topic(), said, m.Retained())
	}
	done(t, again.client("observer").Publish(packetTopic, 1, false, packetMessage(1)))
	if m := next(t, got); m.Topic() != packetTopic {
		t.Errorf("got %s", m.Topic())
	}
	if m := next(t, got); m.Topic() != statusTopic || !strings.Contains(string(m.Payload()), `"status":"online"`) {
		t.Errorf("when it speaks: %s %s", m.Topic(), m.Payload())
	}
}
