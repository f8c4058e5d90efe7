package broker

import (
	"context"
	"log"
	"net/http"

	"github.com/coder/websocket"
)

// WebSocket serves MQTT over WebSocket, whatever the path: clients use several.
// listener is the name that its connections have in logs and counters.
//
// A browser's page may connect only to the host that it came from. Without that
// rule any page of the internet could publish here, through the browser of
// somebody on the local network.
func (b *Broker) WebSocket(listener string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
			Subprotocols:    []string{"mqtt", "mqttv3.1"},
			CompressionMode: websocket.CompressionDisabled,
		})
		if err != nil { // Accept has answered
			b.stats.refusedUpgrades.Add(1)
			return
		}
		ws.SetReadLimit(int64(b.opts.MaxPacketSize) + 1024) // a message may hold several control packets, up to a buffer's worth
		c := newConn(websocket.NetConn(context.Background(), ws, websocket.MessageBinary), listener, b.opts)
		c.remote, c.origin, c.closesWhole = r.RemoteAddr, originOf(r.RemoteAddr), true
		if !b.track(c) {
			ws.Close(websocket.StatusTryAgainLater, "too many connections")
			return
		}
		b.serve(c)
	})
}

// serveHTTP is serve for WebSocket listeners.
func (l *listener) serveHTTP() {
	server := &http.Server{
		Handler:           l.b.WebSocket(l.name),
		ReadHeaderTimeout: l.b.opts.ConnectTimeout,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(discard{}, "", 0), // strangers' failed handshakes
	}
	server.Serve(&patientListener{l})
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
