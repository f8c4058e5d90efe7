package broker

import "errors"

// ErrNoUsers says that there is no users file, and so nobody to log in.
var ErrNoUsers = errors.New("there are no users (hub.broker.auth.usersFile)")

// CheckPassword returns the rights of a user of the users file. remote, HOST:PORT,
// is who asks: after many wrong passwords from an address it has to wait, here as
// at the MQTT listeners. A check takes a while; a name that is not there takes as
// long.
func (b *Broker) CheckPassword(remote, name, password string) (Principal, error) {
	if b.door.users == nil {
		return Principal{}, ErrNoUsers
	}
	return b.door.password(callerAt(remote), name, password)
}
