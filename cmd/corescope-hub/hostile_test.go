package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hostileMemory is what the hub may take at most while it is attacked: its
// resident set, with that of the test binary it is part of.
const hostileMemory = 128 << 20

// TestHostileNetworkCostsHonestObserversNothing attacks a hub in every way that
// anybody in reach of its ports can, one after the other, while honest observers
// publish: each of their messages is acknowledged and is a row, and the hub's
// memory stays within its bound. HUB_HOSTILE=1 does it in full strength, and
// then an honest message may be late by a second at most; otherwise there are
// few attackers, so that it is over soon.
func TestHostileNetworkCostsHonestObserversNothing(t *testing.T) {
	full := os.Getenv("HUB_HOSTILE") != ""
	for _, a := range slices.Concat(attacks, webAttacks) {
		t.Run(a.name, func(t *testing.T) {
			if !full {
				t.Parallel()
			}
			s := newSiege(t, full)
			observers := s.honest()
			did := a.do(s)
			observers.stop()
			s.judge(observers, did)
		})
	}
}

// siege is one attack on one hub.
type siege struct {
	t    *testing.T
	hub  *hubProcess
	full bool
	addr string // of the hub's listener
	web  string // HOST:PORT of its console
}

func newSiege(t *testing.T, full bool) *siege {
	env := []string{"CORESCOPE_HUB_STORE_COMMIT_INTERVAL=250ms", "CORESCOPE_HUB_BROKER_AUTH_TOKEN_AUDIENCES=hub.example"}
	s := &siege{t: t, full: full, hub: startHub(t, "", env...)}
	for _, one := range []struct {
		from string
		to   *string
	}{{s.hub.mqtt, &s.addr}, {s.hub.console, &s.web}} {
		u, err := url.Parse(one.from)
		if err != nil {
			t.Fatal(err)
		}
		*one.to = u.Host
	}
	return s
}

// many is how many of something an attack makes.
func (s *siege) many(few, inFull int) int {
	if s.full {
		return inFull
	}
	return few
}

// lasts is how long an attack goes on that has no end of its own.
func (s *siege) lasts() time.Duration {
	if s.full {
		return 10 * time.Second
	}
	return 300 * time.Millisecond
}

// dialFrom connects from the n-th of many addresses of this machine, where it has
// many: on Linux loopback is a whole network.
func (s *siege) dialFrom(network, n int, to string) (net.Conn, error) {
	d := net.Dialer{Timeout: patience}
	if runtime.GOOS == "linux" {
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, byte(network), byte(n/250), byte(n%250+1))}
	}
	return d.DialContext(s.t.Context(), "tcp", to)
}

// judge is told what the attack did, and looks at what it has cost.
func (s *siege) judge(o *observers, did string) {
	s.t.Helper()
	if n := count(s.t, s.hub.open(), `SELECT count(*) FROM observations o JOIN observers s ON s.rowid = o.observer_idx WHERE s.name = 'Honest'`); n != int(o.acked.Load()) {
		s.t.Errorf("%d messages of honest observers were acknowledged, %d are rows", o.acked.Load(), n)
	}
	peak := s.residentPeak()
	worst := time.Duration(o.worst.Load())
	s.t.Logf("%s: peak RSS %.1f MiB; of honest observers %d sent, %d lost, worst acknowledgement %s",
		did, float64(peak)/(1<<20), o.sent.Load(), o.sent.Load()-o.acked.Load(), worst.Round(time.Millisecond))
	if s.full && peak > hostileMemory {
		s.t.Errorf("the hub took %d bytes, %d is its bound", peak, hostileMemory)
	}
	if s.full && worst > time.Second+250*time.Millisecond { // and what commits wait for one another
		s.t.Errorf("an honest message was acknowledged after %s", worst)
	}
}

// residentPeak is the most memory that the hub had, in bytes; 0 where the
// operating system does not say.
func (s *siege) residentPeak() int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.hub.cmd.Process.Pid))
	var kib int64
	if _, rest, ok := strings.Cut(string(text), "\nVmHWM:"); ok {
		fmt.Sscan(rest, &kib)
	}
	return kib << 10
}

// observers publish as real ones do, each over a connection of its own and from
// an address of its own.
type observers struct {
	s           *siege
	stopped     context.Context
	stop        func()
	sent, acked atomic.Int64
	worst       atomic.Int64 // time from publish to acknowledgement
}

// honest lets observers publish until stop, which waits for their last
// acknowledgement.
func (s *siege) honest() *observers {
	ctx, cancel := context.WithCancel(s.t.Context())
	o := &observers{s: s, stopped: ctx}
	var running, begun sync.WaitGroup
	for i := range s.many(4, 20) {
		begun.Add(1)
		running.Go(func() { o.publish(i, begun.Done) })
	}
	begun.Wait()
	o.stop = func() { cancel(); running.Wait() }
	s.t.Cleanup(cancel)
	return o
}

// publish is one observer: a packet of its own each second, at QoS 1, and each
// has to be acknowledged. begun is called after the first.
func (o *observers) publish(n int, begun func()) {
	begun = sync.OnceFunc(begun)
	defer begun()
	conn, err := o.s.dialFrom(1, n, o.s.addr)
	if err != nil {
		o.s.t.Error(err)
		return
	}
	f := newFoe(conn)
	defer f.conn.Close()
	if err := f.login(fmt.Sprintf("honest-%d", n)); err != nil {
		o.s.t.Error("an honest observer could not log in: ", err)
		return
	}
	tick := time.NewTicker(time.Duration(o.s.many(50, 1000)) * time.Millisecond)
	defer tick.Stop()
	topic := fmt.Sprintf("meshcore/SEA/%064X/packets", 0xA0+n)
	for i := uint16(1); ; i++ {
		payload := fmt.Sprintf(`{"origin":"Honest","SNR":"-7","RSSI":"-103","raw":"0901AB%02X%04X%02XB1B2C3D4E5F60718293A4B5C6D7E8F"}`, n, i, n)
		o.sent.Add(1)
		begin := time.Now()
		if err := f.publishAcked(topic, payload, i); err != nil {
			o.s.t.Errorf("message %d of an honest observer: %v", i, err)
			return
		}
		o.acked.Add(1)
		o.late(time.Since(begin))
		begun()
		select {
		case <-tick.C:
		case <-o.stopped.Done():
			return
		}
	}
}

func (o *observers) late(d time.Duration) {
	for {
		worst := o.worst.Load()
		if int64(d) <= worst || o.worst.CompareAndSwap(worst, int64(d)) {
			return
		}
	}
}
