package broker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUsersFile(t *testing.T) {
	t.Parallel()
	hash := func(password string) string {
		h, err := HashPassword(password)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	key := strings.Repeat("a", 64)
	path := filepath.Join(t.TempDir(), "users")
	text := "# who may log in\n\nanna:admin:" + hash("secret") + "\nboard:viewer:" + hash("pass:word") + ":meshcore/+/+/status,meshcore/#\n" +
		key + ":observer:" + hash("own") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := loadUsers(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, password string
		role           Role // "" is refused
		key            string
		topics         int
	}{
		{"anna", "secret", RoleAdmin, "", 0},
		{"anna", "Secret", "", "", 0},
		{"anna", "", "", "", 0},
		{"board", "pass:word", RoleViewer, "", 2},
		{key, "own", RoleObserver, strings.ToUpper(key), 0},
		{strings.ToUpper(key), "own", RoleObserver, strings.ToUpper(key), 0},
		{"nobody", "secret", "", "", 0},
		{"", "", "", "", 0},
	} {
		p, ok := u.verify(c.name, c.password)
		if ok != (c.role != "") || p.Role != c.role || p.Key != c.key || len(p.Topics) != c.topics {
			t.Errorf("%s with %q: %+v, %v", c.name, c.password, p, ok)
		}
	}
}

func TestBadUsersFileSaysWhere(t *testing.T) {
	t.Parallel()
	good, err := HashPassword("x")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"anna":                       "NAME:ROLE:HASH",
		"anna:god:" + good:           `role "god"`,
		"anna:admin:secret":          "not Argon2id",
		"anna:admin:$argon2id$v=19$": "not Argon2id",
		"anna:admin:" + strings.Replace(good, "m=19456", "m=99999999", 1): "costs too much",
		"board:viewer:" + good + ":meshcore/#/status":                     `topic filter "meshcore/#/status" of user "board"`,
		"board:viewer:" + good + ":meshcore/#,":                           `topic filter ""`,
		"x\ty:viewer:" + good:                                             "cannot be seen",
		"a:admin:" + good + "\na:viewer:" + good:                          "line 2: user \"a\" is there twice",
	} {
		if _, err := parseUsers(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%.20s: %v, want %q", text, err, want)
		}
	}
}

func TestHashesOfOnePasswordDiffer(t *testing.T) {
	t.Parallel()
	a, _ := HashPassword("x")
	b, _ := HashPassword("x")
	if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%s\n%s", a, b)
	}
}
