package broker

// Role is what a login is for.
type Role string

// The roles. A login without one, from the local network, is RoleGuest.
const (
	RoleGuest    Role = "guest"    // anonymous: publishes for any observer, reads what a viewer reads
	RoleObserver Role = "observer" // publishes; with a key only for itself
	RoleViewer   Role = "viewer"   // reads what observers publish
	RoleLimited  Role = "limited"  // reads it without signal strengths and what the observers are
	RoleAdmin    Role = "admin"    // everything
)

// Principal is an authenticated client and its rights.
type Principal struct {
	Name   string // of the user; "" for guests
	Role   Role
	Key    string   // the public key it proved to have, 64 upper-case hex digits; "" for none
	Topics []string // topic filters that it is held to besides its role; none means no more bounds
}
