package broker

import (
	"strings"
	"testing"
)

func TestAllowed(t *testing.T) {
	t.Parallel()
	var (
		own   = strings.Repeat("A", 64)
		other = strings.Repeat("B", 64)

		guest     = Principal{Role: RoleGuest}
		keyed     = Principal{Role: RoleObserver, Key: own}
		shared    = Principal{Role: RoleObserver, Name: "meshdev"}
		viewer    = Principal{Role: RoleViewer}
		admin     = Principal{Role: RoleAdmin}
		listed    = Principal{Role: RoleObserver, Topics: []string{"meshcore/ZRH/#"}}
		dashboard = Principal{Role: RoleViewer, Topics: []string{"meshcore/+/+/status"}}
	)
	all := map[string]*Principal{"guest": &guest, "keyed": &keyed, "shared": &shared, "viewer": &viewer,
		"admin": &admin, "listed": &listed, "dashboard": &dashboard}
	for _, c := range []struct{ topic, publish, read string }{
		{"meshcore/ZRH/" + own + "/packets", "guest keyed shared admin listed", "guest viewer admin"},
		{"meshcore/SEA/" + other + "/packets", "guest shared admin", "guest viewer admin"},
		{"meshcore/ZRH/" + strings.ToLower(own) + "/status", "guest keyed shared admin listed", "guest viewer admin dashboard"},
		{"meshcore/client/" + own + "/packets", "guest keyed shared admin", "guest viewer admin"},
		{"meshcore/client/" + other + "/packets", "guest shared admin", "guest viewer admin"},
		{"meshcore/ZRH/" + own + "/serial/responses", "guest keyed shared admin listed", "admin"},
		{"meshcore/ZRH/" + own + "/serial/commands", "admin", "guest keyed shared admin listed"},
		{"meshcore/ZRH/" + other + "/serial/commands", "admin", "guest shared admin listed"},
		{"meshcore/ZRH/" + own + "/internal", "admin", "admin"},
		{"meshcore/packets", "guest shared admin", "guest viewer admin"},
		{"meshcore", "guest admin", "guest admin"},
		{"homeassistant/light", "guest admin", "guest admin"},
		{"$SYS/broker/version", "admin", "admin"},
	} {
		for name, p := range all {
			for want, names := range map[access]string{accessPublish: c.publish, accessRead: c.read} {
				expected := strings.Contains(" "+names+" ", " "+name+" ")
				if got := p.allowed(c.topic, want); got != expected {
					t.Errorf("%s, access %d to %.40s: %v, want %v", name, want, c.topic, got, expected)
				}
			}
		}
	}
}

func TestAllowedAllocatesNothing(t *testing.T) {
	p := Principal{Role: RoleViewer, Topics: []string{"meshcore/#"}}
	topic := "meshcore/ZRH/" + strings.Repeat("A", 64) + "/packets"
	if n := testing.AllocsPerRun(100, func() { p.allowed(topic, accessRead) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filter, topic string
		want          bool
	}{
		{"#", "a/b", true}, {"#", "$SYS/x", false}, {"$SYS/#", "$SYS/x", true}, {"a/#", "a", true}, {"a/#", "a/b/c", true},
		{"a/+", "a/b", true}, {"a/+", "a", false}, {"a/+", "a/b/c", false}, {"+/b", "a/b", true}, {"a/b", "a/b", true},
		{"a/b", "a/c", false}, {"a", "a/b", false}, {"a/b", "a", false}, {"+/+", "/x", true}, {"a/+/#", "a/b", true},
	} {
		if got := matches(c.filter, c.topic); got != c.want {
			t.Errorf("%s matches %s: %v", c.filter, c.topic, got)
		}
	}
}
