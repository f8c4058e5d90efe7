package broker

import (
	"bufio"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	mqtt "github.com/mochi-mqtt/server/v2"
	"golang.org/x/crypto/argon2"
)

// Cost of one password check. OWASP's second choice for Argon2id: 19 MiB and
// two passes, some 40 ms on a desktop and half a second on a small Pi; no more
// than two run at once.
const (
	argonMemory  = 19 << 10 // KiB
	argonTime    = 2
	argonThreads = 1
	argonKeySize = 32
	argonSalt    = 16
	argonAtOnce  = 2
)

// maxUsersFile is the largest users file that is read, in bytes.
const maxUsersFile = 1 << 20

// user is one line of the users file.
type user struct {
	name     string
	role     Role
	topics   []string
	salt     []byte
	password []byte // Argon2id of it
	params   argonParams
}

type argonParams struct {
	memory, time uint32
	threads      uint8
}

// users are the logins of a users file, one a line:
//
//	NAME:ROLE:$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH[:FILTER,FILTER...]
//
// Blank lines and lines that begin with # are skipped.
type users struct {
	byName  map[string]*user
	nobody  *user         // checked in place of a name that does not exist
	working chan struct{} // holds one for each check under way
}

// loadUsers reads a users file.
func loadUsers(path string) (*users, error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("users file %s: %w: make one with corescope-hub passwd, or correct the path", path, cause(err))
	case err != nil:
		return nil, fmt.Errorf("users file %s: %w: let the hub's user read it: sudo chown corescope-hub: %[1]s", path, cause(err))
	}
	defer f.Close()
	u, err := parseUsers(io.LimitReader(f, maxUsersFile))
	if err != nil {
		return nil, fmt.Errorf("users file %s: %w", path, cause(err))
	}
	return u, nil
}

// CheckUsersFile says why a users file would be refused at the hub's start; nil if it
// would not.
func CheckUsersFile(path string) error {
	_, err := loadUsers(path)
	return err
}

// ReplaceUsers writes a users file whole or not at all. Owner, group and mode of
// the file before stay; a new one is for its owner only.
func ReplaceUsers(path, text string) error {
	if err := replaceFile(path, text); err != nil {
		return fmt.Errorf("users file %s: %w: check that you may write to its directory", path, err)
	}
	return nil
}

func parseUsers(r io.Reader) (*users, error) {
	u := &users{byName: make(map[string]*user), working: make(chan struct{}, argonAtOnce)}
	nobody, err := HashPassword(rand.Text())
	if err != nil {
		return nil, err
	}
	if u.nobody, err = parseUser("nobody:viewer:" + nobody); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		one, err := parseUser(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w; write it with corescope-hub passwd", n, err)
		}
		if u.byName[canonical(one.name)] != nil {
			return nil, fmt.Errorf("line %d: user %q is there twice", n, one.name)
		}
		u.byName[canonical(one.name)] = one
	}
	return u, lines.Err()
}

// userRoles are the roles that a user can have.
var userRoles = []Role{RoleObserver, RoleViewer, RoleLimited, RoleAdmin}

func parseUser(line string) (*user, error) {
	part := strings.SplitN(line, ":", 4)
	if len(part) < 3 || part[0] == "" {
		return nil, errors.New("not NAME:ROLE:HASH")
	}
	if !decentName(part[0]) {
		return nil, fmt.Errorf("user %q: %w", bounded(part[0]), errIndecentName)
	}
	u := &user{name: part[0], role: Role(part[1])}
	if !slices.Contains(userRoles, u.role) {
		return nil, fmt.Errorf("role %q: use observer, viewer, limited or admin", part[1])
	}
	if err := u.readHash(part[2]); err != nil {
		return nil, err
	}
	if len(part) == 4 && part[3] != "" {
		u.topics = strings.Split(part[3], ",")
	}
	for _, t := range u.topics {
		if !mqtt.IsValidFilter(t, false) {
			return nil, fmt.Errorf("topic filter %q of user %q: write one such as meshcore/+/+/status or meshcore/#", bounded(t), u.name)
		}
	}
	return u, nil
}

// CheckUser says why a users file with that line would be refused; nil if it would
// not be.
func CheckUser(line string) error {
	_, err := parseUser(line)
	return err
}

// SameUser says whether two names are one user: public keys are, in any case.
func SameUser(a, b string) bool { return canonical(a) == canonical(b) }

// readHash reads a hash in the form that HashPassword writes. The costs are
// bounded: they come from a file, but a wrong one must not stop the machine.
func (u *user) readHash(hash string) error {
	part := strings.Split(hash, "$")
	bad := fmt.Errorf("the hash of user %q is not Argon2id", u.name)
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return bad
	}
	if n, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &u.params.memory, &u.params.time, &u.params.threads); n != 3 || err != nil {
		return bad
	}
	if u.params.memory < 8 || u.params.memory > 256<<10 || u.params.time < 1 || u.params.time > 16 || u.params.threads < 1 {
		return fmt.Errorf("the hash of user %q costs too much or too little", u.name)
	}
	var err error
	if u.salt, err = base64.RawStdEncoding.DecodeString(part[4]); err != nil || len(u.salt) < 8 {
		return bad
	}
	if u.password, err = base64.RawStdEncoding.DecodeString(part[5]); err != nil || len(u.password) < 16 || len(u.password) > 64 {
		return bad
	}
	return nil
}

// HashPassword makes what a users file holds of a password.
func HashPassword(password string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("make salt: %w", err)
	}
	sum := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKeySize)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, encode(salt), encode(sum)), nil
}

// has says whether there is a user of that name.
func (u *users) has(name string) bool { return u != nil && u.byName[canonical(name)] != nil }

// verify returns the rights of a user. A name that is not there takes as long
// as a wrong password.
func (u *users) verify(name, password string) (Principal, bool) {
	one, known := u.byName[canonical(name)]
	if !known {
		one = u.nobody
	}
	u.working <- struct{}{}
	defer func() { <-u.working }()
	sum := argon2.IDKey([]byte(password), one.salt, one.params.time, one.params.memory, one.params.threads, uint32(len(one.password)))
	if subtle.ConstantTimeCompare(sum, one.password) != 1 || !known {
		return Principal{}, false
	}
	p := Principal{Name: one.name, Role: one.role, Topics: one.topics}
	if key, ok := keyName(name); ok && one.role == RoleObserver {
		p.Key = key
	}
	return p, true
}

// canonical is how a user is looked up: clients write a key in either case.
func canonical(name string) string {
	if key, ok := keyName(name); ok {
		return key
	}
	return name
}

// keyName says whether a user name is a public key, and gives it in upper case.
func keyName(name string) (key string, ok bool) {
	if len(name) != 64 || strings.Trim(name, "0123456789abcdefABCDEF") != "" {
		return "", false
	}
	return strings.ToUpper(name), true
}
