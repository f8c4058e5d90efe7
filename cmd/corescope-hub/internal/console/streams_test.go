package console

import (
	"fmt"
	"net/http/httptest"
	"testing"
)

func TestNobodyTakesTheStreamsOfAllOthers(t *testing.T) {
	t.Parallel()
	var s streams
	for n := range maxStreamsFromOne {
		if !s.enter("greedy") {
			t.Fatalf("page %d of one address is refused", n+1)
		}
	}
	if s.enter("greedy") {
		t.Error("one address has more than its share")
	}
	for n := range maxStreams - maxStreamsFromOne {
		if !s.enter(fmt.Sprint("another", n)) {
			t.Fatalf("another address is refused, with %d pages open", n+maxStreamsFromOne)
		}
	}
	if s.enter("latest") {
		t.Error("there are more than the most")
	}
	s.leave("greedy")
	if !s.enter("latest") {
		t.Error("a page that was closed keeps its place")
	}
	s.leave("latest")
	for range maxStreamsFromOne - 1 {
		s.leave("greedy")
	}
	if !s.enter("greedy") || len(s.from) != 1+maxStreams-maxStreamsFromOne {
		t.Errorf("after all pages were closed %v are known", s.from)
	}
}

func TestVisitorIsAMachineOrAUser(t *testing.T) {
	t.Parallel()
	s := &server{logins: newLogins()}
	for remote, want := range map[string]string{
		"192.168.1.9:4711":            "192.168.1.9",
		"[::ffff:192.168.1.9]:4711":   "192.168.1.9",
		"[fd00:1:2:3:4:5:6:7]:4711":   "fd00:1:2:3::/64",
		"[fd00:1:2:3:9:9:9:9]:4711":   "fd00:1:2:3::/64",
		"[fe80::1%eth0]:4711":         "fe80::1",
		"a socket without an address": "a socket without an address",
	} {
		r := httptest.NewRequest("GET", "/api/events", nil)
		r.RemoteAddr = remote
		if got := s.visitor(r); got != want {
			t.Errorf("%s: %q, want %q", remote, got, want)
		}
	}
}
