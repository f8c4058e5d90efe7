package console

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// routes are all the paths there are.
func routes(opts Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", ready(opts.NotYet))
	mux.Handle("GET /metrics", opts.Metrics)
	if opts.MQTT != nil {
		mux.Handle("GET /mqtt", opts.MQTT)
		mux.Handle("GET /mqtt/", opts.MQTT)
	}
	mux.HandleFunc("GET /api/v1/stats", answer(opts.Stats))
	mux.HandleFunc("GET /api/v1/sources", answer(opts.Sources))
	mux.HandleFunc("/", elsewhere)
	return mux
}

// alive answers as long as the process does.
func alive(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "alive\n")
}

// ready answers 200 when the hub takes and keeps messages, else 503 and why not.
func ready(notYet func() []string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if reasons := notYet(); len(reasons) > 0 {
			plain(w, http.StatusServiceUnavailable, "not ready\n"+strings.Join(reasons, "\n")+"\n")
			return
		}
		plain(w, http.StatusOK, "ready\n")
	}
}

func elsewhere(w http.ResponseWriter, r *http.Request) {
	plain(w, http.StatusNotFound, fmt.Sprintf("nothing at %q; there are /healthz, /readyz, /metrics, /api/v1/stats and /api/v1/sources\n", r.URL.Path))
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client's loss
}
