package console

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"corescope-hub/broker"
	"corescope-hub/decoder/report"
	"corescope-hub/store"
)

// server answers requests.
type server struct {
	log       *slog.Logger
	access    Access
	site      Site
	store     func() *store.Store
	sessions  func() []broker.Session
	sources   func() Sources
	counted   func() Sources // without the last hour
	roster    func() []broker.Observer
	notReady  func() []string
	stats     func() Stats
	report    *report.Reporter
	decisions Decisions

	questions *questions

	stopping context.Context // ends when the console begins to stop: streams end
	assets   *assets
	policy   string
	logins   *logins
	streams  streams
	backups  backups

	names   *nodeNames
	live    *live
	sampler *sampler
	traffic *traffic
	beat    beat
	vitals  *vitals

	observers *cached[observerRows]
	observed  *cached[[]observerView]
	activity  *cached[map[string]*store.ObserverActivity]
	noise     *cached[map[string][]store.Measurement]
	heardBy   *cached[map[string]int]
	lastHops  *cached[lastHops]
	growth    *cached[*Growth]
	recent    *cached[*recent]
}

const activityAge = 10 * time.Second

func newServer(stopping context.Context, opts Options) *server {
	files := loadAssets()
	s := &server{
		log: opts.Log, access: opts.Access, site: opts.Site, store: opts.Store, sessions: opts.Sessions, roster: opts.Observers, decisions: opts.Decisions,
		report:   opts.Report,
		stopping: stopping, assets: files, policy: contentPolicy(files.style), logins: newLogins(),
		names:   &nodeNames{store: opts.Store},
		sampler: &sampler{store: opts.Store},
		traffic: new(traffic), questions: newQuestions(),
	}
	s.counted = opts.Sources
	s.sources = func() Sources { return s.traffic.added(explained(s.counted())) }
	s.notReady = func() []string { return s.whyNot(opts.NotYet()) }
	s.stats = func() Stats {
		stats := opts.Stats()
		stats.NotReady = append([]string{}, s.notReady()...)
		return stats
	}
	s.live = &live{store: opts.Store, names: s.names}
	s.vitals = &vitals{make: s.takeVitals}
	s.observers = newCached(observersAge, s.readObservers)
	s.observed = newCached(observedAge, s.readObserved)
	s.activity = newCached(activityAge, func(ctx context.Context) (map[string]*store.ObserverActivity, error) {
		return s.store().Activity(ctx, time.Now())
	})
	s.noise = newCached(noiseAge, s.readNoise)
	s.heardBy = newCached(heardByAge, s.readHeardBy)
	s.lastHops = newCached(lastHopsAge, s.readLastHops)
	s.growth = newCached(growthAge, s.readGrowth)
	s.recent = newCached(recentAge, s.readRecent)
	return s
}

// routes are all the paths there are.
func (s *server) routes(opts Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", ready(s.notReady))
	mux.Handle("GET /metrics", opts.Metrics)
	if opts.MQTT != nil {
		mux.Handle("GET /mqtt", opts.MQTT)
		mux.Handle("GET /mqtt/", opts.MQTT)
	}
	mux.HandleFunc("GET /assets/{hash}/{name}", s.assets.serve)

	page := func(path string, h http.HandlerFunc) { mux.Handle("GET "+path, s.guarded(mayRead, h)) }
	page("/{$}", s.showLive)
	page("/tx/{hash}", s.showIfThere("packet", "Packet", s.packetDetail))
	for _, path := range []string{"/observers", "/observers/{key}"} {
		page(path, s.show("observers", "Observers", s.observersData))
	}
	for _, path := range []string{"/nodes", "/nodes/{key}"} {
		page(path, s.show("nodes", "Nodes", s.nodesData))
	}
	for _, path := range []string{"/sources", "/sources/{name}"} {
		page(path, s.show("sources", "Sources", s.sourcesPage))
	}
	page("/system", s.show("system", "System", s.systemData))

	for path, h := range s.api() {
		if path == "/api/v1/stats" || path == "/api/v1/sources" { // which do not ask the database
			mux.Handle("GET "+path, s.guarded(mayAsk, s.tell(h)))
			continue
		}
		mux.Handle("GET "+path, s.guarded(mayRead, s.answer(h)))
	}
	mux.Handle("GET /api/v1/openapi.json", s.guarded(mayRead, serveOpenAPI()))
	mux.Handle("GET /api/events", s.guarded(mayRead, s.events))

	change := http.NewCrossOriginProtection().Handler
	mux.Handle("POST /api/console/backup", change(s.guarded(mayRead, s.downloadBackup)))
	mux.Handle("POST /api/console/observers/{key}/{decision}", change(s.guarded(mayChange, s.tell(s.decide))))
	mux.Handle("GET /login", s.named(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.page(w, r, http.StatusOK, view{Page: "login", Title: "Log in"})
	})))
	mux.Handle("POST /login", change(s.named(http.HandlerFunc(s.logIn))))
	mux.Handle("POST /logout", change(s.named(http.HandlerFunc(s.logOut))))
	if opts.Profiling {
		profiles(mux)
	}
	mux.Handle("/", s.guarded(mayRead, s.elsewhere))
	return smallBodies(mux)
}

// maxBody bounds the body of a request, in bytes. Only the login has one. The
// library reads a form of several parts whatever the method, and writes what is
// long to the disk.
const maxBody = 4 << 10

func smallBodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limited := r.WithContext(r.Context()) // the library waits for the rest of a body that it does not know
		limited.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, limited)
	})
}

type asked = func(ctx context.Context, r *http.Request) (any, error)

// api is what answers with JSON. What is under /api/console is for the pages
// alone and may change; the rest is documented in openapi.json.
func (s *server) api() map[string]asked {
	return map[string]asked{
		"/api/v1/packets":        s.listPackets,
		"/api/v1/packets/{hash}": s.packetDetail,
		"/api/v1/observers":      s.listObservers,
		"/api/v1/nodes":          s.listNodes,
		"/api/v1/sources":        s.sourcesData,
		"/api/v1/stats":          func(context.Context, *http.Request) (any, error) { return s.stats(), nil },

		"/api/console/live":        s.liveData,
		"/api/console/observers":   s.observersData,
		"/api/console/nodes":       s.nodesData,
		"/api/console/nodes/{key}": s.nodeData,
		"/api/console/sources":     s.sourcesPage,
		"/api/console/system":      s.systemData,
		"/api/console/setup":       func(_ context.Context, r *http.Request) (any, error) { return s.setupState(r), nil },
	}
}

func (s *server) liveData(ctx context.Context, r *http.Request) (any, error) {
	columns, err := s.columns(ctx)
	return map[string]any{"columns": columns}, err
}

func (s *server) observersData(ctx context.Context, r *http.Request) (any, error) {
	return s.observerPage(ctx, s.access.right(r, s.logins) == mayChange)
}

func (s *server) nodesData(ctx context.Context, r *http.Request) (any, error) {
	days := 7
	for _, d := range nodeDays {
		if r.FormValue("since") == strconv.Itoa(d)+"d" {
			days = d
		}
	}
	return s.nodePage(ctx, days)
}

func (s *server) nodeData(ctx context.Context, r *http.Request) (any, error) {
	return s.node(ctx, r.PathValue("key"))
}

func (s *server) sourcesData(context.Context, *http.Request) (any, error) {
	return s.sources(), nil
}

func (s *server) sourcesPage(_ context.Context, r *http.Request) (any, error) {
	return s.sourcePage(s.access.right(r, s.logins) == mayChange), nil
}

func (s *server) systemData(ctx context.Context, r *http.Request) (any, error) {
	return s.systemState(ctx, s.access.right(r, s.logins) == mayChange)
}

// show makes a page of the answer to a question, which is never that there is no
// such page.
func (s *server) show(module, title string, ask asked) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.pageOf(w, r, view{Page: module, Title: title}, ask)
	}
}

// showIfThere makes a page of the answer to a question, when there is one.
func (s *server) showIfThere(module, title string, ask asked) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, sent, err := s.questions.answer(r.Context(), func(ctx context.Context) ([]byte, error) {
			data, err := ask(ctx, r)
			if err != nil {
				return nil, err
			}
			return s.whole(r.WithContext(ctx), view{Page: module, Title: title, Data: data})
		})
		if err != nil {
			s.problem(w, r, err)
			return
		}
		defer sent()
		s.pageHeaders(w)
		send(w, r, http.StatusOK, body)
	}
}

// answer makes JSON of the answer to a question.
func (s *server) answer(ask asked) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, sent, err := s.questions.answer(r.Context(), func(ctx context.Context) ([]byte, error) { return encode(ask(ctx, r)) })
		if err != nil {
			s.problem(w, r, err)
			return
		}
		defer sent()
		w.Header().Set("Content-Type", "application/json")
		send(w, r, http.StatusOK, body)
	}
}

// tell is answer for what is known without the database.
func (s *server) tell(ask asked) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := encode(ask(r.Context(), r))
		if err != nil {
			s.problem(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		send(w, r, http.StatusOK, body)
	}
}

func encode(data any, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(data)
	return append(body, '\n'), err
}

// explain is an error's status and words.
func (s *server) explain(r *http.Request, err error) (status int, text string) {
	var bad *badRequest
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest, bad.Error()
	case errors.Is(err, errNotThere):
		return http.StatusNotFound, "This hub has nothing at " + clean(r.URL.Path) + ". It may have been deleted by the retention, or never have come."
	case errors.Is(err, errBusy), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, "The hub is asked too much at once. Try again in a moment, or ask for less."
	case errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable, "The question was given up."
	}
	s.log.Warn("console", "path", r.URL.Path, "err", err)
	return http.StatusInternalServerError, "The database could not be read: " + err.Error() + "."
}

func (s *server) elsewhere(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		plain(w, http.StatusMethodNotAllowed, "nothing here takes "+r.Method+"\n")
		return
	}
	s.problem(w, r, errNotThere)
}
