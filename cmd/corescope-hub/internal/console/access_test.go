package console

import (
	"net/http"
	"strings"
	"testing"

	"corescope-hub/broker"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	users := func(_, name, password string) (broker.Principal, error) {
		if password != "right" {
			return broker.Principal{}, broker.ErrNoUsers
		}
		return broker.Principal{Name: name, Role: broker.Role(name)}, nil
	}
	const decide = "/api/console/observers/AA/deny"
	for _, tt := range []struct {
		name   string
		access Access
		login  string // role to log in as
		method string
		path   string
		header http.Header
		host   string
		want   int
	}{
		{name: "this machine reads", access: Access{Auth: AuthNone}, path: "/system", want: 200},
		{name: "and changes while there are no users", access: Access{Auth: AuthNone}, method: "POST", path: decide, want: 200},
		{name: "but not from another site", access: Access{Auth: AuthNone}, method: "POST", path: decide, header: http.Header{"Sec-Fetch-Site": {"cross-site"}}, want: 403},
		{name: "nor with its origin alone", access: Access{Auth: AuthNone}, method: "POST", path: decide, header: http.Header{"Origin": {"http://evil.example"}}, want: 403},
		{name: "nor under another name", access: Access{Auth: AuthNone}, path: "/api/v1/stats", host: "evil.example", want: 421},
		{name: "a name that was given", access: Access{Auth: AuthNone, Hosts: []string{"hub.example"}}, path: "/api/v1/stats", host: "hub.example:80", want: 200},
		{name: "what came through a proxy is from elsewhere", access: Access{Auth: AuthNone}, path: "/api/v1/stats", header: http.Header{"X-Forwarded-For": {"8.8.8.8"}}, want: 403},
		{name: "a proxy that hides the address", access: Access{Auth: AuthNone}, path: "/api/v1/stats", header: http.Header{"X-Forwarded-For": {""}}, want: 403},
		{name: "a proxy that tells its own name", access: Access{Auth: AuthNone}, path: "/api/v1/stats", header: http.Header{"X-Forwarded-Host": {"hub.example"}}, want: 403},
		{name: "with users, changes take a login", access: Access{Auth: AuthNone, Login: users}, method: "POST", path: decide, want: 403},
		{name: "an admin's", access: Access{Auth: AuthNone, Login: users}, login: "admin", method: "POST", path: decide, want: 200},
		{name: "not a viewer's", access: Access{Auth: AuthNone, Login: users}, login: "viewer", method: "POST", path: decide, want: 403},
		{name: "pages lead to the login", access: Access{Auth: AuthViewer, Login: users}, path: "/", want: 303},
		{name: "the API does not", access: Access{Auth: AuthViewer, Login: users}, path: "/api/v1/packets", want: 403},
		{name: "a viewer reads", access: Access{Auth: AuthViewer, Login: users}, login: "viewer", path: "/api/v1/packets", want: 200},
		{name: "an observer does not", access: Access{Auth: AuthViewer, Login: users}, login: "observer", path: "/api/v1/packets", want: 403},
		{name: "only admins", access: Access{Auth: AuthAdmin, Login: users}, login: "viewer", path: "/api/v1/packets", want: 403},
		{name: "admins do", access: Access{Auth: AuthAdmin, Login: users}, login: "admin", path: "/api/v1/packets", want: 200},
		{name: "this machine asks how the hub is", access: Access{Auth: AuthAdmin, Login: users}, path: "/api/v1/stats", want: 200},
		{name: "and its sources", access: Access{Auth: AuthViewer, Login: users}, path: "/api/v1/sources", want: 200},
		{name: "health is for all", access: Access{Auth: AuthAdmin, Login: users}, path: "/readyz", host: "evil.example", want: 200},
		{name: "no such decision", access: Access{Auth: AuthNone}, method: "POST", path: "/api/console/observers/AA/eat", want: 404},
		{name: "no such method", access: Access{Auth: AuthNone}, method: "PUT", path: "/api/v1/packets", want: 405},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, func(o *Options) { o.Access = tt.access })
			req, _ := http.NewRequestWithContext(t.Context(), or(tt.method, http.MethodGet), f.url+tt.path, nil)
			for k, v := range tt.header {
				req.Header[k] = v
			}
			if tt.login != "" {
				if cookie := f.logIn(t, tt.login, "right"); cookie != nil {
					req.AddCookie(cookie)
				}
			}
			if tt.host != "" {
				req.Host = tt.host
			}
			if status, body := send1(t, req); status != tt.want {
				t.Errorf("%d, want %d: %.200s", status, tt.want, body)
			}
		})
	}
}

// logIn returns the cookie, nil when there is none.
func (f *fixture) logIn(t *testing.T, name, password string) *http.Cookie {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/login", strings.NewReader("name="+name+"&password="+password))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	cookies := resp.Cookies()
	if len(cookies) == 0 {
		return nil
	}
	if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
		t.Errorf("cookie %v", c)
	}
	return cookies[0]
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
