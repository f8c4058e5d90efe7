package console

import (
	"slices"
	"strings"
)

// causes are what goes wrong between two brokers, in the words of the network
// libraries, and in those of an operator. The first that fits counts.
var causes = []struct{ part, words string }{
	{"connection refused", "Nothing listens at its address."},
	{"no such host", "The name in its address is not known: check its spelling, and the DNS of this machine."},
	{"no route to host", "No way leads to it: check the network."},
	{"network is unreachable", "No way leads to it: check the network."},
	{"certificate has expired", "Its certificate has expired: ask its operator to renew it. If it has not, the clock of this machine is wrong."},
	{"is not yet valid", "Its certificate is not valid yet: check the clock of this machine."},
	{"certificate is valid for", "Its certificate is for another name than the address says."},
	{"unknown authority", "Its certificate is not from an authority that this machine knows."},
	{"not authorized", "It refuses the login: check the user name and password."},
	{"bad user name or password", "It refuses the login: check the user name and password."},
	{"identifier rejected", "It refuses the client id."},
	{"i/o timeout", "It does not answer."},
	{"deadline exceeded", "It does not answer."},
	{"timed out", "It does not answer."},
	{"connection reset", "It cut the connection."},
	{"broken pipe", "It cut the connection."},
	{"EOF", "It closed the connection."},
}

// plainly says a cause in words that name what an operator can touch; "" stays
// "". What is not known is said as it came.
func plainly(cause string) string {
	for _, c := range causes {
		if strings.Contains(cause, c.part) {
			return c.words
		}
	}
	return sentence(clean(cause))
}

// explained adds to bridges what ails them, in plain words.
func explained(all Sources) Sources {
	all.Sources = slices.Clone(all.Sources)
	for i := range all.Sources {
		if all.Sources[i].Bridge == nil {
			continue
		}
		b := *all.Sources[i].Bridge
		b.Problem, b.Ended = plainly(b.LastError), slices.Clone(b.Ended)
		for k := range b.Ended {
			b.Ended[k].Problem = plainly(b.Ended[k].Cause)
		}
		all.Sources[i].Bridge = &b
	}
	return all
}
