package broker

import (
	"errors"
	"log/slog"
	"strings"

	"github.com/mholt/acmez/v3/acme"
	"go.uber.org/zap/zapcore"
)

// magicLog takes what the ACME library says into our log: that there is a
// certificate, and what went wrong, with what to do about it.
type magicLog struct {
	log    *slog.Logger
	fields []zapcore.Field
}

// Enabled leaves out what is for developers of the library.
func (m *magicLog) Enabled(level zapcore.Level) bool { return level >= zapcore.InfoLevel }

// With adds fields to every line.
func (m *magicLog) With(fields []zapcore.Field) zapcore.Core {
	return &magicLog{log: m.log, fields: append(m.fields[:len(m.fields):len(m.fields)], fields...)}
}

// Check says which lines are written.
func (m *magicLog) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if m.Enabled(e.Level) && !strings.HasPrefix(e.Message, "could not get certificate from issuer") { // said again with the next attempt
		return checked.AddCore(e, m)
	}
	return checked
}

// Write writes a line.
func (m *magicLog) Write(e zapcore.Entry, fields []zapcore.Field) error {
	var domain string
	var err error
	for _, f := range append(m.fields[:len(m.fields):len(m.fields)], fields...) {
		switch {
		case f.Key == "identifier":
			domain = f.String
		case f.Type == zapcore.ErrorType:
			err, _ = f.Interface.(error)
		}
	}
	switch {
	case e.Level >= zapcore.ErrorLevel && err != nil:
		m.log.Warn("no certificate: "+e.Message, "domain", domainOf(domain, err), "err", cut(err.Error(), 400), "hint", remedy(err))
	case e.Level > zapcore.InfoLevel:
		m.log.Warn("certificates: "+e.Message, "domain", domain)
	case strings.Contains(e.Message, "successfully"):
		m.log.Info("certificate: "+strings.TrimPrefix(e.Message, "certificate "), "domain", domain)
	}
	return nil
}

// Sync has nothing to do.
func (m *magicLog) Sync() error { return nil }

// domainOf is the domain that a line is about: the library writes it into the
// error, in brackets.
func domainOf(named string, err error) string {
	if text, ok := strings.CutPrefix(err.Error(), "["); ok && named == "" {
		named, _, _ = strings.Cut(text, "]")
	}
	return named
}

// remedy says what to do about a certificate that cannot be got.
func remedy(err error) string {
	var problem acme.Problem
	if !errors.As(err, &problem) {
		return "this machine has to reach the certificate authority (hub.broker.tls.ca), and to write to the directory for certificates"
	}
	switch strings.TrimPrefix(problem.Type, acme.ProblemTypeNamespace) {
	case "dns":
		return "let the domain's DNS records (A, AAAA) lead to this machine"
	case "connection", "tls", "incorrectResponse", "unauthorized":
		return "the authority has to reach this hub at the domain: port 443 leading to a tls or wss listener, or port 80 to hub.broker.tls.httpListen; look at DNS, router and firewall"
	case "rateLimited":
		return "too many attempts: wait; to try things out, use the authority's staging directory (hub.broker.tls.ca)"
	case "caa", "rejectedIdentifier", "unsupportedIdentifier":
		return "this authority may not or will not certify the domain: look at its CAA record, and at hub.broker.tls.domains"
	case "invalidContact", "unsupportedContact":
		return "correct hub.broker.tls.email, or leave it out"
	}
	return "look at what the authority says; it is tried again by itself"
}
