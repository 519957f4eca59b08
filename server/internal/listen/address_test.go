//go:build linux

package listen

import (
	"strings"
	"testing"
)

// TestResolve: an address is itself; a name is an IPv4 address if it has one.
func TestResolve(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1": "127.0.0.1:7", "0.0.0.0": "0.0.0.0:7", "::": "[::]:7", "::1": "[::1]:7",
		"::ffff:127.0.0.1": "127.0.0.1:7", "localhost": "127.0.0.1:7",
	} {
		addr, err := Resolve(host, 7)
		if err != nil || addr.String() != want {
			t.Errorf("%s is %s, %v; want %s", host, addr, err, want)
		}
	}
}

// TestCheckAll: each address or list that makes no sense is refused with a sentence that
// says why. Addresses that share neither port nor path are accepted.
func TestCheckAll(t *testing.T) {
	for addrs, says := range map[string]string{
		"127.0.0.1:9900": "", "[::]:0": "", "localhost:1": "", "unix:/a": "", "unix:a": "", "unix:./@a": "",
		"[fe80::1%nosuch]:1":                  "",
		"127.0.0.1:1 127.0.0.2:1 127.0.0.1:2": "",
		"0.0.0.0:1 [::1]:1":                   "", // IPv4 only
		"[::]:0 [::]:0 0.0.0.0:0":             "", // the kernel chooses a port for each
		"unix:/a unix:/b":                     "",
		"127.0.0.1":                           "host:port or unix:PATH",
		"::1:9900":                            "host:port or unix:PATH",
		"":                                    "host:port or unix:PATH",
		":9900":                               "the host is missing",
		"127.0.0.1:":                          `port ""`,
		"127.0.0.1:65536":                     "0 to 65535",
		"127.0.0.1:-1":                        "0 to 65535",
		"127.0.0.1:http":                      `port "http"`,
		"unix:":                               "a path follows",
		"unix:@a":                             "abstract",
		"unix:a\nb":                           "control characters",
		"unix:/" + strings.Repeat("a", 107):   "107 bytes: this one has 108",
		"[::]:1 0.0.0.0:1":                    "[::]:1 takes the connections to 0.0.0.0:1 too",
		"0.0.0.0:1 [::]:1":                    "[::]:1 takes the connections to 0.0.0.0:1 too",
		"0.0.0.0:1 127.0.0.1:1":               "0.0.0.0:1 takes",
		"[::]:1 [::ffff:127.0.0.1]:1":         "[::]:1 takes the connections to 127.0.0.1:1",
		"127.0.0.1:1 [::ffff:127.0.0.1]:1":    "127.0.0.1:1 is listed twice",
		"[::1]:1 [::1]:1":                     "[::1]:1 is listed twice",
		"unix:/a/b unix:/a/b":                 "unix:/a/b is listed twice",
		"unix:/a/b unix:/a/./b":               "unix:/a/./b",
	} {
		err := CheckAll(strings.Split(addrs, " "))
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v; want %q", addrs, err, says)
		}
	}
}

// TestClashOfNames: Open refuses a clash that shows only after host names are resolved.
func TestClashOfNames(t *testing.T) {
	wantRefused(t, Config{Addrs: []string{"localhost:1", "127.0.0.1:1"}}, "127.0.0.1:1 is listed twice")
	wantRefused(t, Config{Addrs: []string{"not.a.host.invalid:1"}}, "not.a.host.invalid", "resolve")
}
