package broker

import (
	"errors"
	"net"
	"testing"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// What the broker library does where our design leans on it, measured on the
// library alone. When one of these fails after an upgrade, the hook must be
// looked at again.

// probe answers each PUBLISH as the test wants, and permits all.
type probe struct {
	mqtt.HookBase
	publish func(cl *mqtt.Client) error
	acl     func(write bool) bool
}

func (p *probe) ID() string { return "probe" }
func (p *probe) Provides(m byte) bool {
	return m == mqtt.OnConnectAuthenticate || m == mqtt.OnACLCheck || m == mqtt.OnPublish
}
func (p *probe) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }
func (p *probe) OnACLCheck(_ *mqtt.Client, _ string, write bool) bool {
	return p.acl == nil || p.acl(write)
}
func (p *probe) OnPublish(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	if p.publish == nil {
		return pk, nil
	}
	return pk, p.publish(cl)
}

func library(t *testing.T, hooks ...mqtt.Hook) (addr string) {
	t.Helper()
	s := mqtt.New(&mqtt.Options{Logger: DefaultOptions().Log})
	for _, h := range hooks {
		if err := s.AddHook(h, nil); err != nil {
			t.Fatal(err)
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddListener(listeners.NewNet("probe", ln)); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return ln.Addr().String()
}

func TestLibraryRunsThePublishHookBeforeTheAck(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	addr := library(t, &probe{publish: func(*mqtt.Client) error { close(entered); <-leave; return nil }})
	c := connect(t, addr, connectOptions{id: "a"})
	c.publish(topic, "{}", 1, 1)
	<-entered
	if _, _, err := c.next(beforeTheVerdict); err == nil {
		t.Error("the ack was sent while the hook ran")
	}
	close(leave)
	c.expectAck(0x40, 1)
	c.conn.Close()
}

func TestLibraryAcksAnOrdinaryHookError(t *testing.T) {
	t.Parallel()
	addr := library(t, &probe{publish: func(*mqtt.Client) error { return errors.New("disk full") }})
	c := connect(t, addr, connectOptions{id: "a"})
	c.publish(topic, "{}", 1, 1)
	c.expectAck(0x40, 1) // which is why our hook never returns one
	c.conn.Close()
}

func TestLibraryNeitherAcksNorForwardsARejectedPacket(t *testing.T) {
	t.Parallel()
	addr := library(t, &probe{publish: func(*mqtt.Client) error { return packets.ErrRejectPacket }})
	c := connect(t, addr, connectOptions{id: "a"})
	c.subscribe("meshcore/#", 0)
	c.publish(topic, "{}", 1, 1)
	c.ping() // and the answer to it is the first thing that comes
	c.conn.Close()
}

func TestLibraryAcksAndHidesAnIgnoredPacket(t *testing.T) {
	t.Parallel()
	addr := library(t, &probe{publish: func(*mqtt.Client) error { return packets.CodeSuccessIgnore }})
	c := connect(t, addr, connectOptions{id: "a"})
	c.subscribe("meshcore/#", 0)
	c.send(c.publishPacket(topic, "{}", 1, 1, true))
	c.expectAck(0x40, 1)
	c.ping()
	c.conn.Close()
}

func TestLibraryLetsAnyHookPermit(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{}, 1)
	refuse := &probe{acl: func(bool) bool { return false }}
	permit := &permitting{probe{publish: func(*mqtt.Client) error { reached <- struct{}{}; return nil }}}
	addr := library(t, refuse, permit)
	c := connect(t, addr, connectOptions{id: "a"})
	c.publish(topic, "{}", 1, 1)
	c.expectAck(0x40, 1)
	<-reached // which is why there is exactly one hook of ours
	c.conn.Close()
}

type permitting struct{ probe }

func (*permitting) ID() string { return "permitting" }

func TestLibraryDropsAQoS0RefusalInSilence(t *testing.T) {
	t.Parallel()
	addr := library(t, &probe{acl: func(write bool) bool { return !write }, publish: func(*mqtt.Client) error { panic("reached") }})
	c := connect(t, addr, connectOptions{id: "a"})
	c.publish(topic, "{}", 0, 0)
	c.ping()
	c.publish(topic, "{}", 1, 1) // and a QoS 1 refusal ends the connection
	if h, _, err := c.next(patience); err == nil && h != 0xE0 {
		t.Errorf("got %x", h)
	}
}
