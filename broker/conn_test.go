package broker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// pipe returns a conn and the client's end of it; nothing is buffered between.
func pipe(t *testing.T, o Options) (*conn, net.Conn) {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	b := &Broker{log: o.Log}
	b.accepting, b.stop = context.WithCancel(t.Context())
	t.Cleanup(b.stop)
	return newConn(ours, &wayIn{b: b, name: "pipe"}, o), theirs
}

func TestWriteDoesNotWaitAndCloseWritesTheRest(t *testing.T) {
	t.Parallel()
	c, client := pipe(t, DefaultOptions())
	var want []byte
	for i := range 100 {
		p := bytes.Repeat([]byte{byte(i)}, 1000)
		want = append(want, p...)
		if n, err := c.Write(p); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}
	c.Close()
	if _, err := c.Write([]byte("late")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
	got, err := io.ReadAll(client)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("client got %d bytes, want %d (%v)", len(got), len(want), err)
	}
}

func TestClientThatReadsNothingIsCutOff(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(*conn) error{
		"after the write timeout": func(c *conn) error { _, err := c.Write([]byte("x")); return err },
		"at the hard limit": func(c *conn) error {
			for {
				if _, err := c.Write(make([]byte, 1000)); err != nil {
					if !errors.Is(err, errSlowClient) {
						return err
					}
					return nil
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := DefaultOptions()
			o.WriteTimeout = 50 * time.Millisecond
			o.MaxPendingBytes = 10_000
			c, _ := pipe(t, o)
			if err := fill(c); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
				t.Errorf("reader goes on: %v", err)
			}
			if _, err := c.Write([]byte("x")); err == nil {
				t.Error("writes go on")
			}
		})
	}
}

func TestCloseEndsTheReaderWhileAWriteIsStuck(t *testing.T) {
	t.Parallel()
	c, _ := pipe(t, DefaultOptions())
	c.Write([]byte("x"))
	c.Close()
	c.SetDeadline(time.Now().Add(time.Hour)) // as the library does between two packets
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the reader goes on")
	}
}

func TestBufferIsKeptAndSmall(t *testing.T) {
	t.Parallel()
	c, client := pipe(t, DefaultOptions())
	buf := make([]byte, 8)
	for range 3 {
		c.Write([]byte("12345678"))
		if _, err := io.ReadFull(client, buf); err != nil {
			t.Fatal(err)
		}
	}
	c.out.Lock()
	defer c.out.Unlock()
	if n := c.waiting.Load(); n > 8 {
		t.Errorf("%d bytes count as waiting", n)
	}
}
