package broker

import (
	"errors"
	"net"
	"testing"
)

// stubborn is a carrier whose Close waits for its client, as WebSocket's does.
type stubborn struct {
	net.Conn
	closing chan struct{} // closed when Close is called
	aborted chan struct{}
}

func (s *stubborn) Close() error {
	close(s.closing)
	<-s.aborted
	return s.Conn.Close()
}

func TestCloseWaitsForNobody(t *testing.T) {
	t.Parallel()
	for name, closesWhole := range map[string]bool{"WebSocket": true, "TLS": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := pipe(t, DefaultOptions())
			s := &stubborn{c.Conn, make(chan struct{}), make(chan struct{})}
			if !c.become(s, closesWhole) {
				t.Fatal("closed already")
			}
			c.abort = func() error { close(s.aborted); return nil }
			done := make(chan error, 1)
			go func() {
				c.Close()
				<-s.closing // the client lets it wait
				_, err := c.Write([]byte("for all subscribers"))
				done <- err
				c.finish(false) // and is cut in the end
				done <- nil
			}()
			for _, want := range []error{net.ErrClosed, nil} {
				select {
				case err := <-done:
					if !errors.Is(err, want) {
						t.Errorf("got %v, want %v", err, want)
					}
				case <-timeout():
					t.Fatal("a client that does not close holds up whoever writes to it")
				}
			}
		})
	}
}
