package broker

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestOldestWithoutALoginMakesRoom(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxConnections, o.ConnectTimeout = 3, time.Hour })
	first, second := dialRaw(t, b.addr), dialRaw(t, b.addr)
	until(t, "both are there", func() bool { return b.Stats().Connections == 2 })
	in := connect(t, b.addr, connectOptions{id: "in"})
	connect(t, b.addr, connectOptions{id: "new"}).ping()
	first.expectClosed()
	connect(t, b.addr, connectOptions{id: "newer"}).ping()
	second.expectClosed()
	dialRaw(t, b.addr).expectClosed() // all three have logged in
	in.ping()
	if s := b.Stats(); s.Evicted != 2 || s.RefusedConnections != 1 || s.Connections != 3 {
		t.Errorf("evicted %d, refused %d, open %d; want 2, 1, 3", s.Evicted, s.RefusedConnections, s.Connections)
	}
}

func TestCrowdOfOneAddressMakesRoomForItselfAlone(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxPerAddress, o.ConnectTimeout = 2, time.Hour })
	other, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).Dial("tcp", b.addr)
	if err != nil {
		t.Skip("needs a second loopback address; Linux has 127.0.0.2, elsewhere add it to the loopback interface:", err)
	}
	defer other.Close()
	until(t, "the other is there", func() bool { return b.Stats().Connections == 1 })
	for range 10 {
		dialRaw(t, b.addr)
	}
	connect(t, b.addr, connectOptions{id: "in"}).ping()
	if s := b.Stats(); s.Connections != 3 || s.Evicted != 9 {
		t.Errorf("%d open, %d evicted; want 3 and 9", s.Connections, s.Evicted)
	}
	if _, err := other.Write(connectOptions{id: "other", version: 4}.packet()); err != nil {
		t.Fatal(err)
	}
	if n, err := other.Read(make([]byte, 4)); n != 4 || err != nil {
		t.Errorf("the other got %d bytes, %v", n, err)
	}
}

// The file descriptors of this process may not run out while other tests run, so
// the broker gets a process of its own.
func TestListenerOutlivesFileDescriptors(t *testing.T) {
	t.Parallel()
	const name = "BROKER_TEST_FILES"
	if os.Getenv(name) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestListenerOutlivesFileDescriptors$")
		cmd.Env = append(os.Environ(), name+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	b := start(t, verdictSink(storeAll), func(o *Options) { o.ConnectTimeout = time.Hour })
	// Room for the two ends of a few connections, and for what Go keeps open.
	used := openFiles(t)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(used + 20), Max: uint64(used + 20)}); err != nil {
		t.Fatal(err)
	}
	var idle []net.Conn
	for {
		c, err := net.Dial("tcp", b.addr)
		if err != nil {
			break // no file for this end
		}
		idle = append(idle, c)
	}
	free := func() { idle[0].Close(); idle = idle[1:] }
	free() // for this end of the next: none is left for the broker's
	until(t, "a client comes in, at the first try or a later", func() bool {
		c, err := net.Dial("tcp", b.addr)
		if err != nil { // the broker has it, for one that waited to come in
			free()
			return false
		}
		defer c.Close()
		c.Write(connectOptions{id: "in", version: 4}.packet())
		answer := make([]byte, 4)
		c.SetReadDeadline(time.Now().Add(patience))
		n, _ := c.Read(answer)
		return n == 4 && answer[0] == 0x20 && answer[3] == 0
	})
	if s := b.Stats(); s.AcceptErrors == 0 || s.Evicted == 0 {
		t.Errorf("%d failures to accept, %d evicted: files did not run out", s.AcceptErrors, s.Evicted)
	}
	for _, c := range idle {
		c.Close()
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("counts open files in /proc; run it on Linux, with /proc mounted:", err)
	}
	return len(files)
}

// A client must get what was written for it before the connection ends, even
// while the broker leaves something of the client's unread.
func TestEndOfAConnectionTakesNothingBack(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Auth.Anonymous = AnonymousNone })
	for i := range 20 {
		c := dialRaw(t, b.addr)
		refused := connectOptions{id: fmt.Sprint(i), version: 4}.packet()
		c.send(append(refused, c.publishPacket(topic, strings.Repeat("x", 20_000), 0, 0, false)...))
		if h, body := c.read(); h != 0x20 || body[1] != 5 {
			t.Fatalf("got % x % x, want the CONNACK", h, body)
		}
		c.expectClosed()
	}
}

func TestThousandsOfIdleConnectionsShutNobodyOut(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	b := start(t, sink, func(o *Options) { o.MaxPerAddress, o.MaxConnections, o.ConnectTimeout = 200, 300, time.Hour })
	c := connect(t, b.addr, connectOptions{id: "observer"})
	idle := make([]net.Conn, 1000)
	for i := range idle {
		var err error
		if idle[i], err = net.Dial("tcp", b.addr); err != nil {
			t.Fatal(err)
		}
		defer idle[i].Close()
	}
	until(t, "all are accepted", func() bool { return b.Stats().Accepted == int64(len(idle)+1) })
	if n := b.Stats().Connections; n != 200 {
		t.Errorf("%d are open, want 200", n)
	}
	c.publish(topic, "{}", 1, 1)
	sink.next(t).settle(stored)
	c.expectAck(0x40, 1)
	connect(t, b.addr, connectOptions{id: "newcomer"}).ping()
}
