package console

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Alert is something that is wrong, with its cause and what to do.
type Alert struct {
	ID   string `json:"id"`   // the same as long as it is the same thing
	Bad  bool   `json:"bad"`  // packets are being lost, or will be
	Fact string `json:"fact"` // one sentence
	Text string `json:"text"` // cause and remedy
	Page string `json:"page"` // observers, sources, system
	Link string `json:"link"` // where more is said
	Name string `json:"name"` // of that place
}

// maxAlerts is how many are shown.
const maxAlerts = 20

// alerts looks for all that is wrong, the worst first.
func (s *server) alerts(growth *Growth, observers []observerView) []Alert {
	var bad, warn []Alert
	now := time.Now()
	for _, a := range slices.Concat(s.storeAlerts(growth), s.sourceAlerts(now), observerAlerts(observers, now)) {
		if a.Bad {
			bad = append(bad, a)
		} else {
			warn = append(warn, a)
		}
	}
	all := append(bad, warn...)
	return all[:min(len(all), maxAlerts)]
}

func (s *server) storeAlerts(growth *Growth) (all []Alert) {
	add := func(id string, bad bool, fact, text string) {
		all = append(all, Alert{ID: id, Bad: bad, Fact: fact, Text: text, Page: "system", Link: "/system", Name: "Open system"})
	}
	stats := s.store().Stats()
	disk, err := diskOf(s.site.Database)
	full := err == nil && disk.FreeBytes < leastFree
	switch {
	case full:
		add("full", true, "Disk full: packets are not being stored.", "Free 200 MB and the hub resumes by itself.")
	case stats.Failing:
		add("failing", true, "Packets are not being stored.", "The last commit failed: "+clean(stats.LastError)+". What observers sent is not acknowledged and comes again.")
	case s.sampler.stuck(time.Now()) > stuckAfter:
		add("stuck", true, "Nothing has been written for a while.", fmt.Sprintf("%d records wait. The card may hang: look at the kernel's log, and back up when it answers.", stats.QueueDepth))
	}
	if growth != nil && growth.DaysLeft != nil && *growth.DaysLeft < 14 && !full {
		add("filling", *growth.DaysLeft < 2, fmt.Sprintf("Disk full in %s.", plural(int(*growth.DaysLeft), "day")), s.makeRoom())
	}
	if minutes, _ := s.sampler.commits(); len(minutes) > 0 && minutes[len(minutes)-1].Median > 1000 {
		add("slow", false, fmt.Sprintf("Writing is slow: %.1f s per commit.", minutes[len(minutes)-1].Median/1000), "The card may be wearing out. Back up now and replace it.")
	}
	return all
}

// makeRoom is what to do about a disk that fills.
func (s *server) makeRoom() string {
	if s.site.PacketDays > 0 {
		return fmt.Sprintf("Make room, or keep packets for less than %s (retention.packetDays).", plural(s.site.PacketDays, "day"))
	}
	return "Make room, or do not keep packets for ever (retention.packetDays)."
}

// stuckAfter is how long records may wait before the writer is said to be stuck.
const stuckAfter = 30 * time.Second

func (s *server) sourceAlerts(now time.Time) (all []Alert) {
	expires := map[time.Time]bool{} // one certificate serves all listeners
	for _, source := range s.sources().Sources {
		if b := source.Bridge; b != nil && b.State == "down" {
			all = append(all, bridgeAlert(source.Name, b))
		}
		if l := source.Listener; l != nil && l.CertificateExpires != nil && !expires[*l.CertificateExpires] {
			expires[*l.CertificateExpires] = true
			all = append(all, certificateAlerts(*l.CertificateExpires, now)...)
		}
	}
	return all
}

func bridgeAlert(source string, b *Bridge) Alert {
	a := Alert{ID: "bridge " + source, Bad: true, Fact: "Bridge " + name(source) + " is down.", Page: "sources", Link: "/sources/" + url.PathEscape(source), Name: "Show bridge"}
	switch {
	case b.Self:
		a.ID, a.Bad, a.Fact = "self "+source, false, "Bridge "+name(source)+" leads back to this hub."
		a.Text = "Every message would come twice, so it is not used. Remove it from mqttSources, or give its address as mqtt://localhost."
	case b.LastError != "":
		a.Text = plainly(b.LastError) + " The hub keeps trying."
	default:
		a.Text = "It has not connected yet. The hub keeps trying. Check the address and the network."
	}
	return a
}

// certificateSoon is how long before the end of a certificate an alert comes. One
// that renews itself does so before.
const certificateSoon = 14 * 24 * time.Hour

func certificateAlerts(expires, now time.Time) []Alert {
	left := expires.Sub(now)
	if left > certificateSoon {
		return nil
	}
	a := Alert{ID: "certificate", Page: "sources", Link: "/sources", Name: "Open sources", Text: "Renew the certificate in hub.broker.tls: the hub takes the new files by itself."}
	if a.Fact = fmt.Sprintf("The certificate expires in %s.", plural(int(left.Hours()/24), "day")); left < 0 {
		a.Bad, a.Fact = true, "The certificate has expired on "+expires.Local().Format("2 Jan, 15:04")+"."
		a.Text = "Observers that check it cannot connect. " + a.Text
	}
	return []Alert{a}
}

func observerAlerts(observers []observerView, now time.Time) (all []Alert) {
	for i := range observers {
		if !observers[i].Muted {
			all = append(all, observers[i].alerts(now)...)
		}
	}
	return all
}

// doubledFor is how long two connections may speak for one observer: one that
// lost its network connects anew before the broker has missed it.
const doubledFor = 5 * time.Minute

// alerts is what is wrong with one observer.
func (o *observerView) alerts(now time.Time) (all []Alert) {
	title := o.Name
	if title == "" {
		title = "Observer " + o.ID[:min(len(o.ID), 8)]
	}
	add := func(id, fact, text string) {
		all = append(all, Alert{ID: id + " " + o.ID, Fact: fact, Text: text, Page: "observers", Link: "/observers/" + url.PathEscape(o.ID), Name: "Open observer"})
	}
	if o.State == "silent" {
		text := "It is connected and sends no packets. Check its antenna, and restart it."
		if o.Rise != nil {
			text = fmt.Sprintf("Its noise floor rose %.0f dB at %s. Look for interference near its antenna, then restart it.", *o.Rise, o.RoseAt.Local().Format("15:04"))
		}
		add("silent", title+" has been silent since "+o.Since.Local().Format("15:04")+".", text)
	}
	if o.refused != nil {
		add("refused", title+" is turned away at login.", sentence(clean(o.refused.Text))+" "+sentence(clean(o.refused.Remedy)))
	}
	if !o.doubled.IsZero() && now.Sub(o.doubled) > doubledFor {
		add("doubled", "Two connections use the key of "+title+".", "Each packet comes twice, or two devices share a key. Stop the uploader that is too many.")
	}
	if region := strings.ToUpper(o.Region); o.State != "away" && slices.Contains(placeholderRegions, region) {
		add("region", "Region "+region+" is the default.", "Set the uploader's region of "+title+" to your nearest airport code.")
	}
	return all
}

// placeholderRegions is what uploaders publish under until they are given a
// region: meshcoretomqtt, meshcore-packet-capture, and that of Home Assistant.
var placeholderRegions = []string{"XXX", "LOC", "XYZ"}

// sentence begins with a capital and ends with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
