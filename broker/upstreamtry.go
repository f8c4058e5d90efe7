package broker

import (
	"context"
	"crypto/rand"
	"log/slog"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// TryUpstream logs in at an upstream and asks for its topics, as a bridge does,
// and leaves again. It has a client id and a session of its own, so that a bridge
// that runs goes on. The error says why there would be no bridge.
func TryUpstream(ctx context.Context, o Upstream) error {
	opts := DefaultOptions()
	u, err := newUpstream(&Broker{opts: opts, log: slog.New(slog.DiscardHandler)}, o)
	if err != nil {
		return err
	}
	login, err := u.login()
	if err != nil {
		return err
	}
	l, err := u.connect(ctx, linkOptions{clientID: "hub-" + rand.Text()[:16], clean: true, receive: func(*link, paho.Message) {}}, login)
	if err != nil {
		return err
	}
	err = l.subscribe(ctx, u.filters(0), o.ConnectTimeout)
	l.close(err == nil)
	return err
}
