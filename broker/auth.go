package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

// Anonymous says who may connect without a login that the hub knows.
type Anonymous string

// The three answers. Lan is loopback, link-local and private networks.
const (
	AnonymousLAN  Anonymous = "lan"
	AnonymousAll  Anonymous = "true"
	AnonymousNone Anonymous = "false"
)

func (a Anonymous) valid() bool {
	return a == AnonymousLAN || a == AnonymousAll || a == AnonymousNone
}

// refusal says why a client may not connect without a login; nil when it may. A
// user name and password are not looked at: clients have some burnt in that mean
// nothing here.
func (a Anonymous) refusal(who caller) error {
	switch {
	case a == AnonymousAll, a == AnonymousLAN && who.lan:
		return nil
	case a == AnonymousNone:
		return fmt.Errorf("%w (hub.broker.auth.anonymous)", errLoginRequired)
	case who.behind != "":
		return fmt.Errorf("%w: without one only the local network may connect (hub.broker.auth.anonymous), and %s", errLoginRequired, who.behind)
	default:
		return fmt.Errorf("%w: without one only the local network may connect (hub.broker.auth.anonymous)", errLoginRequired)
	}
}

var errLoginRequired = errors.New("a login is required")

// local says whether HOST:PORT is this machine, a link or a private network
// (RFC 1918, RFC 4193).
func local(remote string) bool {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	a := ap.Addr().Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

// originOf is the address in HOST:PORT as far as it tells one machine from
// another: of IPv6 the first half, since a machine has all of the second.
func originOf(remote string) netip.Prefix {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	a := ap.Addr().Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// limiter keeps strangers from filling the log: one line a second, and how many
// it left out.
type limiter struct {
	mu   sync.Mutex
	next time.Time
	left int
}

func (l *limiter) warn(log *slog.Logger, msg string, args ...any) {
	l.tell(log, slog.LevelWarn, msg, args...)
}

func (l *limiter) tell(log *slog.Logger, level slog.Level, msg string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.next) {
		l.left++
		return
	}
	if l.left > 0 {
		args = append(args, "left_out", l.left)
	}
	l.next, l.left = now.Add(time.Second), 0
	log.Log(context.Background(), level, msg, args...)
}
