package broker

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// faultProxy stands between a bridge and its upstream, and spoils what passes.
type faultProxy struct {
	t      *testing.T
	addr   string
	target string
	ln     net.Listener

	// pass, when it is there, copies what the upstream sends on a connection that is
	// the nth, from 0.
	pass func(n int, from io.Reader, to io.Writer) error

	hole     atomic.Bool // swallow everything, say nothing, accept all the same
	accepted atomic.Int64

	mu    sync.Mutex
	pairs []pair
}

// pair is one connection through the proxy.
type pair struct{ near, far *net.TCPConn }

func newFaultProxy(t *testing.T, target string) *faultProxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &faultProxy{t: t, addr: ln.Addr().String(), target: target, ln: ln}
	t.Cleanup(func() { ln.Close(); p.each(func(c pair) { c.near.Close(); c.far.Close() }) })
	return p
}

func (p *faultProxy) start() *faultProxy {
	go func() {
		for {
			near, err := p.ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", p.target)
			if err != nil {
				near.Close()
				continue
			}
			c := pair{near.(*net.TCPConn), far.(*net.TCPConn)}
			n := int(p.accepted.Add(1)) - 1
			p.mu.Lock()
			p.pairs = append(p.pairs, c)
			p.mu.Unlock()
			go p.copy(c.far, c.near, nil)
			pass := p.pass
			go p.copy(c.near, c.far, func(from io.Reader, to io.Writer) error {
				if pass != nil {
					return pass(n, from, to)
				}
				_, err := io.Copy(to, from)
				return err
			})
		}
	}()
	return p
}

// copy copies until an end; in the hole nothing arrives.
func (p *faultProxy) copy(to, from *net.TCPConn, with func(io.Reader, io.Writer) error) {
	w := holeWriter{to, &p.hole}
	var err error
	if with != nil {
		err = with(from, w)
	} else {
		_, err = io.Copy(w, from)
	}
	if p.hole.Load() {
		return
	}
	if err != nil {
		to.Close()
		from.Close()
		return
	}
	to.CloseWrite()
}

type holeWriter struct {
	to   io.Writer
	hole *atomic.Bool
}

func (w holeWriter) Write(p []byte) (int, error) {
	if w.hole.Load() {
		return len(p), nil
	}
	return w.to.Write(p)
}

func (p *faultProxy) each(f func(pair)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.pairs {
		f(c)
	}
}

// reset ends every connection as a router does that has forgotten it.
func (p *faultProxy) reset() {
	p.each(func(c pair) { c.near.SetLinger(0); c.near.Close(); c.far.Close() })
}

// halfClose says to the bridge that there will be nothing more, and keeps
// listening to it.
func (p *faultProxy) halfClose() { p.each(func(c pair) { c.near.CloseWrite() }) }
