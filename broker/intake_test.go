package broker

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Room that a message of another connection gives back is what a waiting one
// gets, in the order of their coming.
func TestMessagesWaitForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newIntake(1)
		in.most = 100
		stop := make(chan struct{})
		if !in.enter(90, false, stop) {
			t.Fatal("there was room")
		}
		var mu sync.Mutex
		var came []int
		for _, size := range []int{50, 10} {
			go func() {
				if in.enter(size, false, stop) {
					mu.Lock()
					defer mu.Unlock()
					came = append(came, size)
				}
			}()
			synctest.Wait()
		}
		if len(came) != 0 {
			t.Errorf("%v came before there was room; the second may not overtake the first", came)
		}
		in.leave(90)
		synctest.Wait()
		if len(came) != 2 || in.used.Load() != 60 {
			t.Errorf("%v came, %d bytes are used", came, in.used.Load())
		}
		left := false
		go func() { left = !in.enter(80, false, stop) }()
		synctest.Wait()
		close(stop)
		synctest.Wait()
		if !left || in.used.Load() != 60 || in.waiting.Load() != 0 {
			t.Errorf("who gave up: %v; %d bytes used, %d wait", left, in.used.Load(), in.waiting.Load())
		}
	})
}

func TestMessageLargerThanAllRoomComesInAlone(t *testing.T) {
	t.Parallel()
	in := newIntake(1)
	in.most = 100
	if !in.enter(1000, false, nil) {
		t.Error("it waits for ever")
	}
}

// A flood of small messages keeps no large packet out; and messages of those who
// hold room already wait for none that wait for it.
func TestLargePacketHasItsTurnAmongMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newIntake(1)
		in.most, in.reading = 100, 60
		c, _ := pipe(t, DefaultOptions())
		var mu sync.Mutex
		var came []string
		come := func(name string, take func() bool) {
			go func() {
				if take() {
					mu.Lock()
					defer mu.Unlock()
					came = append(came, name)
				}
			}()
			synctest.Wait()
		}
		in.enter(90, false, nil)
		come("large", func() bool { return in.begin(c, 20, nil) != nil })
		come("small", func() bool { return in.enter(5, false, nil) })
		come("holder", func() bool { return in.enter(8, true, nil) })
		in.leave(50) // 48 are used
		synctest.Wait()
		if want := []string{"holder"}; !slices.Equal(came, want) {
			t.Errorf("came %v, want %v", came, want)
		}
		in.leave(10)
		synctest.Wait()
		if len(came) != 3 {
			t.Errorf("came %v, want all", came)
		}
		if used := in.used.Load(); used != 90-60+20+5+8 || in.waiting.Load() != 0 {
			t.Errorf("%d bytes are used, %d wait", used, in.waiting.Load())
		}
	})
}

// Of halves that come from many addresses, none with more than its fair part,
// the one goes that nothing has come of for the longest time, however large
// another and however early it began.
func TestSlowLinkOutlivesIdleHalves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newIntake(1)
		in.reading, in.fair = 100, 30
		begin := func(address string, size int) *half {
			c, _ := pipe(t, DefaultOptions())
			c.origin = netip.MustParsePrefix(address)
			time.Sleep(time.Millisecond)
			return in.begin(c, size, nil)
		}
		slow := begin("10.0.0.1/32", 25)
		idle := begin("10.0.0.2/32", 20)
		other := begin("10.0.0.3/32", 20)
		slow.moved.Store(time.Now().UnixNano())
		greedy := begin("10.0.0.4/32", 40) // too much in all
		if !idle.lost || slow.lost || other.lost {
			t.Errorf("lost: slow %v, idle %v, other %v; want idle", slow.lost, idle.lost, other.lost)
		}
		begin("10.0.0.5/32", 20)
		if !greedy.lost || slow.lost || other.lost {
			t.Errorf("lost: slow %v, other %v, greedy %v; want greedy, with more than its part", slow.lost, other.lost, greedy.lost)
		}
	})
}

// A large packet may take longer than the library waits for a whole one: for
// room, and piece by piece.
func TestSlowLinkHasTimeForEachPiece(t *testing.T) {
	t.Parallel()
	for _, stalls := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o := DefaultOptions()
			c, client := pipe(t, o)
			b := c.way.b
			b.opts, b.intake = o, newIntake(o.MaxPacketSize)
			b.accepting, b.stop = context.WithCancel(t.Context())
			defer b.stop()
			b.intake.enter(int(b.intake.most), false, nil)
			sent := packet(0x30, []byte(strings.Repeat("x", 10_000)))
			go func() {
				client.Write(sent[:10])
				time.Sleep(time.Minute)
				b.intake.leave(int(b.intake.most))
				for rest := sent[10:]; len(rest) > 0; rest = rest[min(1000, len(rest)):] {
					client.Write(rest[:min(1000, len(rest))])
					time.Sleep(8 * time.Second)
					if stalls {
						time.Sleep(8 * time.Second)
					}
				}
			}()
			c.SetDeadline(time.Now().Add(15 * time.Second))
			got, err := io.ReadAll(io.LimitReader(c, int64(len(sent))))
			if whole := string(got) == string(sent); whole == stalls || errors.Is(err, os.ErrDeadlineExceeded) != stalls {
				t.Errorf("stalls: %v; %d bytes of %d, %v", stalls, len(got), len(sent), err)
			}
			client.Close()
			c.endPacket()
			time.Sleep(time.Hour) // the client gives up
		})
	}
}

// fromElsewhere connects from another address of this machine, and logs in.
func fromElsewhere(t *testing.T, addr, id string) *rawClient {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	conn, err := d.Dial("tcp", addr)
	if err != nil {
		t.Skip("needs a second loopback address; Linux has 127.0.0.2, elsewhere add it to the loopback interface:", err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &rawClient{t: t, conn: conn, r: bufio.NewReader(conn)}
	c.login(connectOptions{id: id})
	return c
}

// awaitHalves waits until so many bytes are announced and have not all come, or
// somebody had to go.
func awaitHalves(t *testing.T, b *Broker, bytes int64) {
	t.Helper()
	for deadline := timeout(); ; {
		b.intake.mu.Lock()
		half := b.intake.half
		b.intake.mu.Unlock()
		if half >= bytes {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%d bytes of halves, want %d", half, bytes)
		case <-time.After(time.Millisecond):
		}
	}
}

// awaitCut waits until so many connections were ended for a reason.
func awaitCut(t *testing.T, b *Broker, why Cut, want int64) {
	t.Helper()
	for deadline := timeout(); ; {
		n := b.Stats().Cut[why]
		if n == want {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%d were ended for %s, want %d", n, why, want)
		case <-time.After(time.Millisecond):
		}
	}
}

// Those who begin large packets and do not end them make room for one another,
// and not at the cost of somebody elsewhere whose link is slow.
func TestHalfPacketsCostTheAddressThatHoldsMost(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	slow := fromElsewhere(t, b.addr, "slow")
	b.intake.mu.Lock()
	b.intake.reading = 200_000
	b.intake.mu.Unlock()
	p := slow.publishPacket(topic, strings.Repeat("x", 10_000), 1, 7, false)
	slow.send(p[:5000])
	awaitHalves(t, b.Broker, 10_000)
	first := connect(t, b.addr, connectOptions{id: "first"})
	half := func(c *rawClient) { c.send(c.publishPacket(topic, strings.Repeat("y", 60_000), 1, 1, false)[:100]) }
	half(first)
	awaitHalves(t, b.Broker, 70_000)
	for _, id := range []string{"b", "c", "d", "e", "f"} {
		half(connect(t, b.addr, connectOptions{id: id}))
	}
	first.expectClosed()
	slow.send(p[5000:])
	slow.expectAck(0x40, 7)
	awaitCut(t, b.Broker, CutHalfPacket, 3)
}

// What one that was cut off had is room again, exactly once.
func TestRoomOfHalfPacketsComesBack(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	for range 3 {
		c := connect(t, b.addr, connectOptions{id: "a"})
		gone := b.openConns()[0].gone
		c.send(c.publishPacket(topic, strings.Repeat("y", 60_000), 1, 1, false)[:100])
		awaitHalves(t, b.Broker, 60_000)
		c.conn.Close()
		<-gone
		if n := b.intake.used.Load(); n != 0 {
			t.Errorf("%d bytes are left", n)
		}
	}
}

func TestLargePacketHasToBeWholeInTime(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.PacketTimeout = 20 * time.Millisecond })
	small := connect(t, b.addr, connectOptions{id: "small"})
	p := small.publishPacket(topic, "{}", 1, 1, false)
	small.send(p[:10])
	large := connect(t, b.addr, connectOptions{id: "large"})
	large.send(large.publishPacket(topic, strings.Repeat("y", 60_000), 1, 1, false)[:50_000])
	large.expectClosed()
	if n := b.Stats().Cut[CutSlowPacket]; n != 1 {
		t.Errorf("%d were ended for it, want 1", n)
	}
	small.send(p[10:])
	small.expectAck(0x40, 1)
}

// Whatever pieces the network makes of them, control packets of every size reach
// the library as they were sent.
func TestFramingChangesNothing(t *testing.T) {
	t.Parallel()
	var sent []byte
	for _, size := range []int{0, 1, 100, 127, 128, 2000, 4090, 4095, 4096, 4097, 5000, 30_000, 5000, 2, 60_000, 0, 0, 127} {
		sent = append(sent, packet(0x30, []byte(strings.Repeat(string(rune('a'+size%26)), size)))...)
	}
	for _, piece := range []int{1, 2, 3, 100, 2048, 5000, 1 << 20} {
		o := DefaultOptions()
		c, client := pipe(t, o)
		c.way.b.opts, c.way.b.intake = o, newIntake(o.MaxPacketSize)
		go func() {
			for rest := sent; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
				client.Write(rest[:min(piece, len(rest))])
			}
			client.Close()
		}()
		got, err := io.ReadAll(bufio.NewReaderSize(c, 2048))
		if err != nil || string(got) != string(sent) {
			t.Errorf("pieces of %d: %d bytes of %d, %v", piece, len(got), len(sent), err)
		}
		c.endPacket()
		if n := c.way.b.intake.used.Load(); n != 0 {
			t.Errorf("pieces of %d: %d bytes of room are left", piece, n)
		}
	}
}
