package console

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestTextFromTheAirStaysTextInAPage(t *testing.T) {
	t.Parallel()
	const hostile = `</script><script>alert(1)</script>"'&{state}{tabs}`
	s := &shell{
		view: view{Page: "live", Title: hostile, Data: hostile}, Host: hostile, Assets: "/assets/0/", LoggedIn: hostile,
		Script: true, State: state{Host: hostile, Data: hostile},
		Packets: []Packet{{FirstSeen: time.Unix(0, 0), Type: hostile, From: &Party{Name: hostile}, Channel: hostile, Text: hostile}},
	}
	for _, page := range []string{"live", "login", "missing"} {
		s.Page, s.Problem = page, hostile
		got, err := s.html()
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(got, []byte("<script")); n != 3 { // the theme's, the state, the module
			t.Errorf("%s: %d scripts", page, n)
		}
		if bytes.Contains(got, []byte("alert(1)</script>")) || strings.Count(string(got), "{tabs}") < 3 {
			t.Errorf("%s: a value became markup:\n%s", page, got)
		}
	}
}

func TestPageHasNoPlaceLeftUnfilled(t *testing.T) {
	t.Parallel()
	for page := range scripted {
		s := &shell{view: view{Page: page, Title: "T"}, Host: "h", Assets: "/assets/0/", Script: true, Tabs: tabs}
		got, err := s.html()
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range []string{"{title}", "{host}", "{page}", "{assets}", "{script}", "{modules}", "{tabs}", "{rate}", "{main}", "{foot}", "{packets}", "{icon}"} {
			if bytes.Contains(got, []byte(place)) {
				t.Errorf("%s: %s is left", page, place)
			}
		}
		if n := bytes.Count(got, []byte("<svg viewBox")); n != len(tabs) {
			t.Errorf("%s: %d icons", page, n)
		}
	}
}
