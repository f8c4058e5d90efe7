package main

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"corescope-hub/cmd/corescope-hub/internal/simulate"
	"corescope-hub/decoder"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

// Nodes of the mesh that tests name.
const (
	kilnYard   = 0
	barnWindow = 7
	ailsa      = 15
	morag      = 16
)

// mesh publishes what the observers of an invented mesh hear.
type mesh struct {
	*simulate.Mesh
	rand    *rand.Rand
	clients map[int]mqtt.Client
	tokens  []mqtt.Token
	past    *ingest.Ingester // takes what was heard in the past; nil: observers publish
}

func newMesh(t *testing.T) *mesh {
	t.Helper()
	invented, err := simulate.New(simulate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	return &mesh{Mesh: invented, rand: rand.New(rand.NewPCG(1, 2)), clients: map[int]mqtt.Client{}}
}

// connect logs every observer in.
func (m *mesh) connect(t *testing.T, broker string) {
	t.Helper()
	m.past = nil
	for i, n := range m.Nodes {
		if !n.Observes {
			continue
		}
		c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(broker).SetClientID("mesh-" + n.PublicKey()[:8]).SetOrderMatters(false))
		done(t, c.Connect())
		t.Cleanup(func() { c.Disconnect(0) })
		m.clients[i] = c
		m.status(i, time.Now(), i == barnWindow)
	}
	m.settle(t)
}

// settle waits until all that was published is stored.
func (m *mesh) settle(t *testing.T) {
	t.Helper()
	for _, token := range m.tokens {
		done(t, token)
	}
	m.tokens = nil
}

// status tells what an observer says of itself.
func (m *mesh) status(observer int, at time.Time, noisy bool) {
	g := simulate.Gauges{BatteryMV: 3700 + 40*observer, UptimeSecs: 86400, NoiseFloor: -116 + 2*observer}
	if noisy {
		g.NoiseFloor += 18
	}
	m.publish(m.StatusOf(observer, at, g))
}

func (m *mesh) publish(messages ...simulate.Message) {
	for _, msg := range messages {
		if m.past != nil {
			m.past.Ingest(context.Background(), ingest.Message{Source: "past", Topic: msg.Topic, Payload: msg.Payload, QoS: 1, Received: msg.At}, nil)
			continue
		}
		m.tokens = append(m.tokens, m.clients[msg.Observer].Publish(msg.Topic, 1, false, msg.Payload))
		if len(m.tokens) > 400 { // in flight at once, of all
			for _, token := range m.tokens[:200] {
				token.Wait()
			}
			m.tokens = m.tokens[200:]
		}
	}
}

func (m *mesh) advert(node int, at time.Time) { m.publish(m.Advert(node, at)...) }

// say sends a message to a channel; "" is the public one.
func (m *mesh) say(node int, channel, text string, at time.Time) {
	c := decoder.PublicChannel()
	if channel != "" {
		c = decoder.HashtagChannel(channel)
	}
	m.publish(m.Say(node, c, text, at)...)
}

// anything sends something that was heard at a time. Barn Window has fallen
// silent two hours ago.
func (m *mesh) anything(at time.Time) {
	m.publish(slices.DeleteFunc(m.Anything(at), func(msg simulate.Message) bool {
		return msg.Observer == barnWindow && time.Since(at) < 2*time.Hour
	})...)
}

// history makes a database of the days before now.
func (m *mesh) history(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "mesh.db")
	opts := store.DefaultOptions()
	opts.CommitInterval = 0
	s, err := store.Open(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	channels := []decoder.Channel{decoder.PublicChannel()}
	for _, name := range simulate.Channels() {
		channels = append(channels, decoder.HashtagChannel(name))
	}
	keys, err := decoder.NewKeyring(channels...)
	if err != nil {
		t.Fatal(err)
	}
	m.past = ingest.New(s, keys, ingest.DefaultOptions())
	m.live(time.Now())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// live is a month of the mesh, ever busier until now.
func (m *mesh) live(now time.Time) {
	for day := 29; day > 0; day-- {
		for range 6 {
			m.anything(now.AddDate(0, 0, -day).Add(time.Duration(m.rand.IntN(3600)) * time.Second))
		}
	}
	for i, n := range m.Nodes {
		for quarter := 96; n.Observes && quarter >= 0; quarter-- {
			m.status(i, now.Add(-time.Duration(quarter)*15*time.Minute), i == barnWindow && quarter < 10)
		}
	}
	for i := range m.Nodes {
		for back := 24; back >= 0; back -= 3 {
			m.advert(i, now.Add(-time.Duration(back)*time.Hour-time.Duration(m.rand.IntN(1800))*time.Second))
		}
	}
	for s := 6 * 3600; s > 3600; s -= 40 + m.rand.IntN(60) {
		m.anything(now.Add(-time.Duration(s) * time.Second))
	}
	for s := 3600; s > 0; s -= 3 + m.rand.IntN(8) {
		m.anything(now.Add(-time.Duration(s) * time.Second))
	}
}
