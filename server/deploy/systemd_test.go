//go:build linux && deploy

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

const unit = "disrust@fraud.service"

// TestSystemd installs the package on a Debian system, boots it, and has systemd run the units: the
// daemon serves in its sandbox on the socket that systemd passes it, reloads, restarts, is started by a
// client, and ends.
func TestSystemd(t *testing.T) {
	root := install(t, buildHere(t).deb)
	if stdout, stderr, status := daemontest.RunToEnd(t, "chroot", root, "systemd-analyze", "verify", "--man=no", unit, "disrust@fraud.socket"); status != 0 || stdout+stderr != "" {
		t.Errorf("systemd-analyze: status %d, %s%s", status, stdout, stderr)
	}
	folder := filepath.Join(root, "var/lib/disrust/fraud")
	check(t, os.Mkdir(folder, 0o755))
	put(t, folder, "")

	m := start(t, root)
	m.run(t, "systemctl", "enable", "--now", unit)
	socket, admin := "unix:"+m.root+"/run/disrust-fraud.sock", m.root+"/run/disrust-fraud/admin.sock"
	scores(t, socket)
	before := ask(t, admin)
	if before.State != "ready" || before.IO.Backend != "io_uring" || before.Model.Name != "fraud" {
		t.Errorf("it is %s, on %s because %q, with the model %s", before.State, before.IO.Backend, before.IO.Reason, before.Model.Name)
	}
	checkLimits(t, m, before)

	put(t, folder, "\n")
	m.run(t, "systemctl", "reload", unit) // returns when the daemon has said that it is ready again
	if after := ask(t, admin); after.Model.Identity == before.Model.Identity {
		t.Errorf("after a reload it serves the same model, %s", after.Model.Identity)
	}
	pid := m.run(t, "systemctl", "show", "--value", "--property=MainPID", unit)
	check(t, os.WriteFile(filepath.Join(root, "etc/default/disrust-fraud"), []byte("FLAGS=--max-conns 1000\n"), 0o644))
	m.run(t, "systemctl", "restart", unit)
	if conns := ask(t, admin).Flags["max-conns"]; conns != "1000" {
		t.Errorf("after a restart --max-conns is %s", conns)
	}
	if again := m.run(t, "systemctl", "show", "--value", "--property=MainPID", unit); again == pid {
		t.Errorf("after a restart the daemon is still process %s", pid)
	}
	scores(t, socket)
	m.run(t, "systemctl", "stop", unit)
	if result := m.run(t, "systemctl", "show", "--value", "--property=Result", unit); result != "success" {
		t.Errorf("it ended with %s", result)
	}
	scores(t, socket)                    // which starts it
	m.run(t, "systemctl", "start", unit) // returns when the daemon has said that it is ready, after its first answers
	m.run(t, "systemctl", "is-active", unit)
	if warnings := m.run(t, "systemctl", "show", "--value", "--property=NRestarts", unit); warnings != "0" {
		t.Errorf("systemd restarted it %s times by itself", warnings)
	}
}

// checkLimits compares what the unit allows with the daemon's flags.
func checkLimits(t *testing.T, m *machine, s status) {
	t.Helper()
	stop, err := time.ParseDuration(m.run(t, "systemctl", "show", "--value", "--property=TimeoutStopUSec", unit))
	check(t, err)
	if end := toEnd(t, s); stop < end {
		t.Errorf("TimeoutStopSec is %v: a drain and 5 s more are %v", stop, end)
	}
	files, err := strconv.Atoi(m.run(t, "systemctl", "show", "--value", "--property=LimitNOFILE", unit))
	check(t, err)
	conns, err := strconv.Atoi(s.Flags["max-conns"])
	check(t, err)
	if files < 2*conns+64 {
		t.Errorf("LimitNOFILE is %d: for %d connections and as many for the admin port it must be %d", files, conns, 2*conns+64)
	}
}

// put puts the model of the example into a folder, as README says: under another name, and then renamed.
// end makes it another model, for all that its hash says.
func put(t *testing.T, folder, end string) {
	t.Helper()
	text, err := os.ReadFile(example + "model.txt")
	check(t, err)
	check(t, os.WriteFile(filepath.Join(folder, "next"), append(text, end...), 0o644))
	check(t, os.Rename(filepath.Join(folder, "next"), filepath.Join(folder, "model")))
}
