package broker

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
)

// secureReason says what to do about a TLS connection that was not to be had; nil
// when err is about something else. files are those of the bridge's settings.
func secureReason(err error, files UpstreamTLS) error {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		plain   tls.RecordHeaderError
		remote  *net.OpError
	)
	remedy := ""
	switch {
	case errors.As(err, &unknown) && files.CAFile == "":
		remedy = "name who signed it with tls.caFile, or take any certificate with rejectUnauthorized: false"
	case errors.As(err, &unknown):
		remedy = fmt.Sprintf("it is not of caFile %q: name who signed it", files.CAFile)
	case errors.As(err, &name):
		remedy = "write a name that its certificate is for into broker"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		remedy = "the upstream has to renew it, or the clock of this machine is wrong"
	case errors.As(err, &plain):
		remedy = "there is no TLS at this port: check the port, or write mqtt:// or ws://"
	case errors.As(err, &remote) && remote.Op == "remote error" && strings.Contains(remote.Err.Error(), "certificate"):
		remedy = "name a certificate of this hub that the upstream knows with tls.certFile and keyFile"
	default:
		return nil
	}
	return fmt.Errorf("%w; %s", err, remedy)
}
