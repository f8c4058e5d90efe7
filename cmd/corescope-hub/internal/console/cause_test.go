package console

import "testing"

func TestCausesAreSaidInPlainWords(t *testing.T) {
	t.Parallel()
	for cause, want := range map[string]string{
		"": "",
		"connect: dial tcp 192.0.2.1:1883: connect: connection refused":                                      "Nothing listens at its address.",
		"connect: dial tcp: lookup mqtt.exmple: no such host":                                                "The name in its address is not known: check its spelling, and the DNS of this machine.",
		"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time": "Its certificate has expired: ask its operator to renew it. If it has not, the clock of this machine is wrong.",
		"x509: certificate signed by unknown authority":                                                      "Its certificate is not from an authority that this machine knows.",
		"connect: not authorized":         "It refuses the login: check the user name and password.",
		"dial tcp 192.0.2.1: i/o timeout": "It does not answer.",
		"the moon\u202e is full":          "The moon is full.", // as it came, and safe to show
	} {
		if got := plainly(cause); got != want {
			t.Errorf("%q is %q, want %q", cause, got, want)
		}
	}
}

func TestExplainingLeavesWhatItWasGivenAlone(t *testing.T) {
	t.Parallel()
	given := Sources{Sources: []Source{{Name: "a", Bridge: &Bridge{LastError: "EOF", Ended: []Ending{{Cause: "EOF"}}}}, {Name: "b"}}}
	got := explained(given)
	if b := got.Sources[0].Bridge; b.Problem == "" || b.Ended[0].Problem != b.Problem {
		t.Errorf("not explained: %+v", b)
	}
	if b := given.Sources[0].Bridge; b.Problem != "" || b.Ended[0].Problem != "" {
		t.Errorf("changed: %+v", b)
	}
}
