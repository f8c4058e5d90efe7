package broker

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Auth says who may log in, and how. The ways stand side by side.
type Auth struct {
	Anonymous Anonymous // who may connect without a login that is known here
	UsersFile string    // "" for none
	Tokens    TokenRule // device tokens are accepted when it names an audience
}

// DefaultAuth lets the local network in without a login, and nobody else.
func DefaultAuth() Auth { return Auth{Anonymous: AnonymousLAN, Tokens: DefaultTokenRule()} }

// door decides who comes in.
type door struct {
	auth     Auth
	users    *users // nil without a users file
	throttle *throttle
	now      func() time.Time
}

func newDoor(auth Auth) (*door, error) {
	if !auth.Anonymous.valid() {
		return nil, fmt.Errorf("anonymous is %q: use lan, true or false (hub.broker.auth.anonymous)", auth.Anonymous)
	}
	d := &door{auth: auth, throttle: newThrottle(), now: time.Now}
	if auth.UsersFile != "" {
		var err error
		if d.users, err = loadUsers(auth.UsersFile); err != nil {
			return nil, fmt.Errorf("%w (hub.broker.auth.usersFile)", err)
		}
	}
	return d, nil
}

// Why a login is refused, besides what is wrong with a token.
var (
	errWrongPassword   = errors.New("wrong password")
	errTooManySessions = errors.New("there are too many sessions already")
	errTooManyTries    = errors.New("too many wrong passwords from this address; it has to wait")
)

// admit returns the rights of a client that says to be name. Whoever may come in anonymously is not kept out by a name and password
// that mean nothing here: clients have some burnt in, and tokens for other
// brokers. Only a user of ours with a wrong password is.
func (d *door) admit(who caller, name, password string) (Principal, error) {
	var because error
	switch {
	case strings.HasPrefix(name, tokenUser) && len(d.auth.Tokens.Audiences) > 0:
		key, err := d.auth.Tokens.verify(name, password, d.now())
		if err == nil {
			return Principal{Name: name, Role: RoleObserver, Key: key}, nil
		}
		because = err
	case d.users.has(name):
		return d.password(who, name, password)
	}
	refusal := d.auth.Anonymous.refusal(who)
	switch {
	case refusal == nil:
		return Principal{Role: RoleGuest}, nil
	case because != nil:
		return Principal{}, because
	case d.users != nil && name != "": // takes as long for a name that is not there
		return d.password(who, name, password)
	}
	return Principal{}, refusal
}

// password checks a user's password, unless too many wrong ones came from the
// same address lately: each check costs the machine a lot.
func (d *door) password(who caller, name, password string) (Principal, error) {
	if !d.throttle.allow(who.origin, d.now()) {
		return Principal{}, errTooManyTries
	}
	p, ok := d.users.verify(name, password)
	if !ok {
		d.throttle.failed(who.origin, d.now())
		return Principal{}, errWrongPassword
	}
	return p, nil
}
