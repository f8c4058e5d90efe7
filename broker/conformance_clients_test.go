package broker

import (
	"net"
	"os/exec"
	"strings"
	"testing"
)

// mosquitto's clients in every version and QoS: what one publishes the other
// gets, retained or live.
func TestConformanceMosquittoClients(t *testing.T) {
	t.Parallel()
	pub, sub := mosquittoTool(t, "mosquitto_pub"), mosquittoTool(t, "mosquitto_sub")
	b := start(t, verdictSink(storeAll))
	host, port, err := net.SplitHostPort(b.addr)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"31", "311", "5"} {
		for _, qos := range []string{"0", "1", "2"} {
			t.Run(version+" QoS "+qos, func(t *testing.T) {
				t.Parallel()
				name := "meshcore/ZRH/" + version + qos + "/status"
				common := []string{"-h", host, "-p", port, "-V", version, "-q", qos, "-t", name}
				run := func(tool string, more ...string) string {
					out, err := exec.Command(tool, append(more, common...)...).CombinedOutput()
					if err != nil {
						t.Fatalf("%s %v: %v\n%s", tool, more, err, out)
					}
					return strings.TrimSpace(string(out))
				}
				run(pub, "-r", "-m", "online")
				if got := run(sub, "-C", "1", "-W", "10", "-F", "%r %q %p"); got != "1 "+qos+" online" {
					t.Errorf("got %q", got)
				}
				run(pub, "-r", "-n")
				live := exec.Command(sub, append([]string{"-C", "1", "-W", "10", "-F", "%r %q %p"}, common...)...)
				var out strings.Builder
				live.Stdout = &out
				before := len(b.server.Topics.Subscribers(name).Subscriptions)
				if err := live.Start(); err != nil {
					t.Fatal(err)
				}
				until(t, "mosquitto_sub has subscribed", func() bool {
					return len(b.server.Topics.Subscribers(name).Subscriptions) > before
				})
				run(pub, "-m", "live")
				if err := live.Wait(); err != nil || strings.TrimSpace(out.String()) != "0 "+qos+" live" {
					t.Errorf("got %q (%v)", out.String(), err)
				}
			})
		}
	}
}
