package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Bounds of the event streams.
const (
	streamPace   = 250 * time.Millisecond // between two events of packets
	vitalsPace   = time.Second
	streamWrite  = 15 * time.Second // one write may take
	streamPing   = 20 * time.Second // between two signs of life
	maxBehind    = 20_000           // observations that a page that comes back is sent one by one
	streamLength = time.Hour        // then the browser connects again
)

// stream is one open page.
type stream struct {
	w    http.ResponseWriter
	rc   *http.ResponseController
	last time.Time // something was written
}

// events answers GET /api/events: server-sent events of what is committed after
// the cursor, and once a second what the bar shows, when that has changed. The
// id of an event is that of its last observation, so a browser that comes back
// misses nothing.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" { // it could not read them, and would take their places
		plain(w, http.StatusForbidden, "only the hub's own pages may follow it\n")
		return
	}
	who := s.visitor(r)
	if !s.streams.enter(who) {
		w.Header().Set("Retry-After", "30")
		plain(w, http.StatusServiceUnavailable, "too many pages are open at once; close one\n")
		return
	}
	defer s.streams.leave(who)
	ctx, cancel := context.WithTimeout(r.Context(), streamLength)
	defer cancel()
	context.AfterFunc(s.stopping, cancel)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	st := &stream{w: w, rc: http.NewResponseController(w), last: time.Now()}
	cursor, packets := s.cursor(r)
	if st.send("retry: 2000\n\n") != nil {
		return
	}
	s.follow(ctx, st, cursor, packets)
}

// cursor is where a page's events begin: what the browser had last, or what the
// page was made with. Only Live asks for packets.
func (s *server) cursor(r *http.Request) (cursor int64, packets bool) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.FormValue("after")
	}
	cursor, err := strconv.ParseInt(text, 10, 64)
	if err != nil || cursor < 0 {
		cursor = s.store().LastObservation()
	}
	return cursor, r.FormValue("packets") != ""
}

// follow writes events until ctx ends or the browser is gone.
func (s *server) follow(ctx context.Context, st *stream, cursor int64, packets bool) {
	var told string
	bell := make(chan struct{}, 1)
	ready := true // to read packets
	for {
		beat := s.beat.after()
		if v := s.vitals.text(ctx); v != told {
			told = v
			if st.send("event: vitals\ndata: "+v+"\n\n") != nil {
				return
			}
		}
		if packets && ready {
			ready = false
			next, err := s.sendPackets(ctx, st, cursor)
			if err != nil {
				return
			}
			cursor = next
			go s.ring(ctx, cursor, bell)
		}
		if time.Since(st.last) > streamPing && st.send(": alive\n\n") != nil {
			return
		}
		select {
		case <-beat:
		case <-bell:
			ready = true
		case <-ctx.Done():
			return
		}
	}
}

// ring rings once when something was committed after cursor, and not sooner than
// the pace allows.
func (s *server) ring(ctx context.Context, cursor int64, bell chan<- struct{}) {
	pause := time.NewTimer(streamPace)
	defer pause.Stop()
	if s.store().WaitAfter(ctx, cursor) != nil {
		return
	}
	select {
	case <-pause.C:
		bell <- struct{}{} // there is room: one ring for each reading
	case <-ctx.Done():
	}
}

// sendPackets sends what is committed after cursor, one event's worth. A page
// that is far behind is told to ask for its list again instead.
func (s *server) sendPackets(ctx context.Context, st *stream, cursor int64) (next int64, err error) {
	newest := s.store().LastObservation()
	if cursor > newest || newest-cursor > maxBehind { // another database, or a day ago
		data, _ := json.Marshal(liveEvent{Packets: []Packet{}, More: true})
		return newest, st.send(fmt.Sprintf("id: %d\nevent: packets\ndata: %s\n\n", newest, data))
	}
	b, err := s.live.after(ctx, cursor)
	if err != nil || b.last == cursor {
		return cursor, err
	}
	return b.last, st.send(fmt.Sprintf("id: %d\nevent: packets\ndata: %s\n\n", b.last, b.data))
}

func (st *stream) send(text string) error {
	if err := st.rc.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := st.w.Write([]byte(text)); err != nil {
		return err
	}
	st.last = time.Now()
	return st.rc.Flush()
}
