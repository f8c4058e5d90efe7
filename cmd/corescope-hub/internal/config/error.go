package config

import "strings"

// Error is a setting that cannot be used. It reads as one line: where, which,
// what is wrong, and what to do about it.
type Error struct {
	Pos   string // file:line:column, or the variable that set it; "" when neither applies
	Key   string // path of the setting, such as hub.broker.listen; "" for the file as a whole
	Value string // as the operator wrote it, quoted when text; "" when it is long or a secret
	Err   error
	Hint  string
}

func (e *Error) Error() string {
	var parts []string
	if e.Pos != "" {
		parts = append(parts, e.Pos)
	}
	if thing := strings.TrimSpace(e.Key + " " + e.Value); thing != "" {
		parts = append(parts, thing)
	}
	parts = append(parts, e.Err.Error())
	if e.Hint != "" {
		parts = append(parts, e.Hint)
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
