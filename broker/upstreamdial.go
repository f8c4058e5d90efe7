package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/coder/websocket"
)

// upstreamPorts by scheme, for an address that names none.
var upstreamPorts = map[string]string{"tcp": "1883", "ssl": "8883", "ws": "80", "wss": "443"}

// dial opens the connection that MQTT is spoken over.
func (u *upstream) dial(ctx context.Context) (net.Conn, error) {
	config, err := u.tlsConfig()
	if err != nil {
		return nil, err
	}
	scheme, host := upstreamSchemes[u.address.Scheme], u.address.Host
	if u.address.Port() == "" {
		host = net.JoinHostPort(u.address.Hostname(), upstreamPorts[scheme])
	}
	switch scheme {
	case "tcp":
		return new(net.Dialer).DialContext(ctx, "tcp", host)
	case "ssl":
		return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", host)
	}
	return dialWebSocket(ctx, *u.address, config)
}

func dialWebSocket(ctx context.Context, address url.URL, config *tls.Config) (net.Conn, error) {
	transport := &http.Transport{TLSClientConfig: config, Proxy: http.ProxyFromEnvironment}
	ws, _, err := websocket.Dial(ctx, address.String(), &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: transport},
		Subprotocols: []string{"mqtt"},
	})
	if err != nil {
		var failed *url.Error // its text holds the query, which may hold a token
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, fmt.Errorf("WebSocket: %w", err)
	}
	// Messages may be of any size; the wire bounds what is kept of them.
	return &webSocketConn{Conn: websocket.NetConn(context.Background(), ws, websocket.MessageBinary), ws: ws}, nil
}

// webSocketConn ends at once: an upstream that is gone answers no close frame.
type webSocketConn struct {
	net.Conn
	ws *websocket.Conn
}

// Close implements net.Conn.
func (c *webSocketConn) Close() error { return c.ws.CloseNow() }

// tlsConfig reads the files anew, so that renewed certificates are taken up.
func (u *upstream) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         u.address.Hostname(),
		InsecureSkipVerify: u.opts.InsecureSkipVerify, // the operator's rejectUnauthorized: false
	}
	files := u.opts.TLS
	if files.CAFile != "" {
		text, err := os.ReadFile(files.CAFile)
		if err != nil {
			return nil, fmt.Errorf("bridge %q: read CA file: %w: check caFile and that the hub's user can read it", u.opts.Name, err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("bridge %q: CA file %q: no certificate in it: it must be PEM", u.opts.Name, files.CAFile)
		}
	}
	if files.CertFile != "" || files.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("bridge %q: load client certificate %q with key %q: %w: check certFile and keyFile", u.opts.Name, files.CertFile, files.KeyFile, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
