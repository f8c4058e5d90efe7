package console

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

// Seconds that a profile over time takes: without being told, and at most.
const (
	usualProfile = 30
	mostProfile  = 120
)

// profiles serves the Go runtime's own, to this machine alone, where go tool
// pprof and go tool trace look for them. What net/http/pprof has besides, a
// page for browsers, differences over time and a table of symbols, is ninety
// kilobytes of program.
func profiles(mux *http.ServeMux) {
	here := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			peer, err := netip.ParseAddrPort(r.RemoteAddr)
			host, errHost := netip.ParseAddrPort(r.Host)
			if err != nil || errHost != nil || !peer.Addr().Unmap().IsLoopback() || !host.Addr().IsLoopback() || forwarded(r) {
				plain(w, http.StatusForbidden, "profiles are for this machine alone, under 127.0.0.1\n")
				return
			}
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(2 * mostProfile * time.Second))
			h(w, r)
		}
	}
	mux.HandleFunc("GET /debug/pprof/{$}", here(listProfiles))
	mux.HandleFunc("GET /debug/pprof/{name}", here(profile))
	mux.HandleFunc("GET /debug/pprof/profile", here(overTime(func(w http.ResponseWriter) (stop func(), err error) {
		return pprof.StopCPUProfile, pprof.StartCPUProfile(w)
	})))
	mux.HandleFunc("GET /debug/pprof/trace", here(overTime(func(w http.ResponseWriter) (stop func(), err error) {
		return trace.Stop, trace.Start(w)
	})))
}

func listProfiles(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, p := range pprof.Profiles() {
		fmt.Fprintf(w, "%s %d\n", p.Name(), p.Count())
	}
	fmt.Fprintf(w, "profile?seconds=%d\ntrace?seconds=%d\n", usualProfile, usualProfile)
}

// profile answers with what there is now; as text with debug=1 or 2.
func profile(w http.ResponseWriter, r *http.Request) {
	p := pprof.Lookup(r.PathValue("name"))
	if p == nil {
		plain(w, http.StatusNotFound, "no such profile: /debug/pprof/ lists them\n")
		return
	}
	if r.FormValue("gc") != "" {
		runtime.GC()
	}
	debug, _ := strconv.Atoi(r.FormValue("debug")) // anything else is a file for go tool pprof
	w.Header().Set("Content-Type", "application/octet-stream")
	if debug != 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	_ = p.WriteTo(w, debug) // the client's loss
}

// overTime answers with what start writes for as many seconds as are asked for.
func overTime(start func(http.ResponseWriter) (stop func(), err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		seconds, err := strconv.Atoi(r.FormValue("seconds"))
		if err != nil || seconds < 1 {
			seconds = usualProfile
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		stop, err := start(w)
		if err != nil {
			plain(w, http.StatusConflict, err.Error()+": wait until it ends\n")
			return
		}
		defer stop()
		ended, cancel := context.WithTimeout(r.Context(), time.Duration(min(seconds, mostProfile))*time.Second)
		defer cancel()
		<-ended.Done()
	}
}
