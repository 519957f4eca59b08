//go:build linux

package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// files are files of a machine, by their paths.
type files map[string]string

// good are those of a machine that lacks nothing: 8 CPUs, each a core of its own, with room for all connections.
func good() files {
	f := files{
		"proc/sys/kernel/osrelease":    "6.18.2-generic",
		"proc/self/limits":             limits("67108864", "1048576"),
		"proc/self/status":             "Name:\tdisrust\nCapEff:\t0000000000000000\nCpus_allowed_list:\t0-7",
		"proc/self/cgroup":             "0::/system.slice/disrust.service",
		"proc/sys/net/core/somaxconn":  "4096",
		"proc/sys/net/core/busy_poll":  "0",
		"proc/sys/net/core/busy_read":  "0",
		"sys/fs/cgroup/cgroup.threads": "",

		"sys/fs/cgroup/system.slice/disrust.service/cpu.max":    "max 100000",
		"sys/fs/cgroup/system.slice/disrust.service/memory.max": "max",

		"sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
		"sys/devices/system/node/node0/cpulist":      "0-7",
	}
	for cpu := range 8 {
		dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/", cpu)
		f[dir+"topology/thread_siblings_list"] = fmt.Sprint(cpu)
		f[dir+"cpufreq/scaling_governor"] = "performance"
		f[dir+"cpufreq/scaling_driver"] = "acpi-cpufreq"
	}
	return f
}

// with returns f with other files in the place of its own.
func (f files) with(others files) files {
	maps.Copy(f, others)
	return f
}

// without returns f without the files whose paths begin so.
func (f files) without(paths ...string) files {
	for _, path := range paths {
		maps.DeleteFunc(f, func(file, _ string) bool { return strings.HasPrefix(file, path) })
	}
	return f
}

func limits(locked, open string) string {
	return `Limit                     Soft Limit           Hard Limit           Units
Max processes             96364                96364                processes
Max open files            1024                 ` + open + `                files
Max locked memory         ` + locked + `                ` + locked + `                bytes
Max address space         unlimited            unlimited            bytes`
}

// machine returns the machine that has these files.
func (f files) machine(err error) machine {
	m := machine{files: fstest.MapFS{}, uring: err}
	for path, text := range f {
		m.files.(fstest.MapFS)[path] = &fstest.MapFile{Data: []byte(text + "\n")}
	}
	return m
}

// defaults is about what the daemon takes by default.
var defaults = need{conns: 16384, fixed: 60 << 20, most: 1200 << 20, perConn: 68 << 10}

var (
	seccomp  = &uring.BlockedError{Call: "io_uring_setup", Errno: unix.EPERM, Disabled: 0}
	podman   = &uring.BlockedError{Call: "io_uring_setup", Errno: unix.ENOSYS, Disabled: -1}
	cloud    = &uring.BlockedError{Call: "io_uring_setup", Errno: unix.EOPNOTSUPP, Disabled: -1}
	enter    = &uring.BlockedError{Call: "io_uring_enter", Errno: unix.EPERM, Disabled: -1}
	sysctl   = &uring.BlockedError{Call: "io_uring_setup", Errno: unix.EPERM, Disabled: 2}
	old      = &uring.UnsupportedError{Feature: "buffer rings", Linux: "5.19", Errno: unix.EINVAL}
	errShort = fmt.Errorf("uring: io_uring_setup: %w", unix.ENOMEM)
)

// TestMachines: of each machine the findings are ok but for those that stand here: its state, and what is said.
func TestMachines(t *testing.T) {
	const service = "sys/fs/cgroup/system.slice/disrust.service/"
	for _, c := range []struct {
		name  string
		files files
		uring error
		want  map[string]string
	}{
		{"all is well", good(), nil, nil},
		{"Docker's profile", good(), seccomp, map[string]string{"io_uring": "note|io_uring_setup is blocked|epoll|docker run --security-opt seccomp="}},
		{"podman's profile", good(), podman, map[string]string{"io_uring": "note|function not implemented|epoll|CONFIG_IO_URING"}},
		{"a managed cloud", good(), cloud, map[string]string{"io_uring": "note|operation not supported|a host whose provider"}},
		{"a call is blocked", good(), enter, map[string]string{"io_uring": "note|io_uring_enter is blocked|seccomp="}},
		{"switched off", good(), sysctl, map[string]string{"io_uring": "note|kernel.io_uring_disabled = 2|sysctl -w kernel.io_uring_disabled=0"}},
		{"an old kernel", good().with(files{"proc/sys/kernel/osrelease": "4.18.0-553.el8"}), old, map[string]string{"io_uring": "note|buffer rings|Linux 5.19 or newer"}},
		{"no memory for io_uring", good(), errShort, map[string]string{"io_uring": "problem|cannot allocate memory|does not start|ulimit -l|--io epoll"}},
		{"another shortage", good(), fmt.Errorf("uring: io_uring_setup: %w", unix.EMFILE), map[string]string{"io_uring": "problem|too many open files|--io epoll"}},
		{"a kernel that counts waiting as I/O", good().with(files{"proc/sys/kernel/osrelease": "6.14.11"}), nil, map[string]string{"kernel": "note|Linux 6.14.11|iowait"}},
		{"the first that does not", good().with(files{"proc/sys/kernel/osrelease": "6.15"}), nil, nil},
		{"a release that is none", good().with(files{"proc/sys/kernel/osrelease": "generic"}), nil, map[string]string{"kernel": "note|not known"}},

		{"64 KiB of locked memory", good().with(files{"proc/self/limits": limits("65536", "1048576")}), nil, map[string]string{
			"locked memory": "problem|64 KiB|200 KiB|does not start with its 4 I/O threads|ulimit -l 65536|docker run --ulimit memlock=|LimitMEMLOCK=64M",
		}},
		{"the same on epoll", good().with(files{"proc/self/limits": limits("65536", "1048576")}), seccomp, map[string]string{"io_uring": "note|"}},
		{"the same as root", good().with(files{"proc/self/limits": limits("65536", "1048576"), "proc/self/status": "CapEff:\t000001ffffffffff\nCpus_allowed_list:\t0-7"}), nil, nil},
		{"enough for a cheap model", good().with(files{"proc/self/limits": limits("1048576", "1048576")}), nil, map[string]string{
			"locked memory": "note|1 MiB|costly model, which has 7 I/O threads",
		}},
		{"no limits", good().with(files{"proc/self/limits": limits("unlimited", "unlimited")}), nil, nil},
		{"4096 descriptors", good().with(files{"proc/self/limits": limits("unlimited", "4096")}), nil, map[string]string{
			"open files": "problem|4096|about 4032 connections at once, and not the 16384|ulimit -n 16448|LimitNOFILE=16448|disrust --max-conns 4032",
		}},
		{"fewer than anything needs", good().with(files{"proc/self/limits": limits("unlimited", "16")}), nil, map[string]string{"open files": "problem|about 1 connections"}},

		{"a quota", good().with(files{service + "cpu.max": "250000 100000", service + "cpu.stat": "usage_usec 1\nnr_periods 9\nnr_throttled 7\nthrottled_usec 8"}), nil, map[string]string{
			"CPU quota": "problem|2.5 CPUs in every 100 ms, of 8; the kernel has stopped the cgroup 7 times|stand still until the 100 ms are over|--cpuset-cpus=0-1|AllowedCPUs=0-1",
		}},
		{"a quota of the slice", good().with(files{"sys/fs/cgroup/system.slice/cpu.max": "40000 20000"}), nil, map[string]string{"CPU quota": "problem|2 CPUs in every 20 ms"}},
		{"a quota as large as the machine", good().with(files{service + "cpu.max": "800000 100000"}), nil, nil},
		{"a quota of cgroup v1, seen from a container", good().without("sys/fs/cgroup").with(files{
			"proc/self/cgroup":                           "9:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912",
		}), nil, map[string]string{
			"CPU quota":    "problem|0.5 CPUs|--cpuset-cpus=0",
			"memory limit": "note|512 MiB|--max-conns 6806|docker run --memory 1500m|MemoryMax=1500M",
		}},
		{"none in cgroup v1", good().without("sys/fs/cgroup").with(files{
			"proc/self/cgroup": "4:cpu:/a\n9:memory:/a", "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712",
		}), nil, nil},
		{"64 MiB", good().with(files{service + "memory.max": "67108864"}), nil, map[string]string{"memory limit": "note|64 MiB|--max-conns 60|"}},
		{"32 MiB", good().with(files{service + "memory.max": "33554432"}), nil, map[string]string{"memory limit": "problem|32 MiB|when it starts"}},
		{"2 GiB", good().with(files{service + "memory.max": "2147483648"}), nil, nil},

		{"no huge pages", good().with(files{"sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]"}), nil, map[string]string{
			"huge pages": "note|never|no difference|echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
		}},
		{"a kernel without them", good().without("sys/kernel/mm"), nil, nil},
		{"a short queue", good().with(files{"proc/sys/net/core/somaxconn": "128"}), nil, map[string]string{
			"somaxconn": "note|128|more than about 128 clients|sysctl -w net.core.somaxconn=4096|docker run --sysctl",
		}},
		{"busy polling", good().with(files{"proc/sys/net/core/busy_poll": "50"}), nil, map[string]string{
			"busy polling": "note|busy_poll is 50 and net.core.busy_read 0|sysctl -w net.core.busy_poll=0",
		}},
		{"a container, which does not show it", good().without("proc/sys/net/core/busy"), nil, nil},

		{"the lowest clock", good().with(files{"sys/devices/system/cpu/cpu3/cpufreq/scaling_governor": "powersave", "sys/devices/system/cpu/cpu5/cpufreq/scaling_governor": "schedutil"}), nil, map[string]string{
			"CPU clock": "problem|performance on 6 of 8 CPUs, governor powersave on 1|schedutil on 1|lowest rate|cpupower frequency-set -g performance",
		}},
		{"a clock that adapts", good().with(files{
			"sys/devices/system/cpu/cpu3/cpufreq/scaling_governor": "powersave", "sys/devices/system/cpu/cpu3/cpufreq/scaling_driver": "intel_pstate",
		}), nil, map[string]string{"CPU clock": "note|powersave on 1 of 8|after a pause|cpupower"}},
		{"the same under another name", good().with(files{"sys/devices/system/cpu/cpu7/cpufreq/scaling_governor": "ondemand"}), nil, map[string]string{"CPU clock": "note|ondemand on 1 of 8"}},
		{"a CPU of somebody else's", good().with(files{
			"sys/devices/system/cpu/cpu8/cpufreq/scaling_governor": "powersave", "sys/devices/system/cpu/cpu8/topology/thread_siblings_list": "0,8",
			"sys/devices/system/node/node1/cpulist": "8-15",
		}), nil, nil},
		{"a virtual machine", good().without("sys/devices/system/cpu/cpu0/cpufreq", "sys/devices/system/cpu/cpu1/cpufreq").with(files{"proc/self/status": "Cpus_allowed_list:\t0-1"}), nil, nil},

		{"hyper-threads", good().with(siblings("0,4", "1,5", "2,6", "3,7", "0,4", "1,5", "2,6", "3,7")), nil, map[string]string{
			"SMT": "note|8 CPUs are hyper-threads of 4 cores|Not measured|taskset -c 0-3 disrust --pin",
		}},
		{"hyper-threads side by side", good().with(siblings("0-1", "0-1", "2-3", "2-3", "4-5", "4-5", "6-7", "6-7")), nil, map[string]string{
			"SMT": "note|of 4 cores|taskset -c 0,2,4,6 disrust --pin",
		}},
		{"one core", good().with(files{"proc/self/status": "Cpus_allowed_list:\t0-1"}).with(siblings("0-1", "0-1")), nil, map[string]string{"SMT": "note|2 CPUs are hyper-threads of 1 core"}},
		{"one thread of each core", good().with(files{"proc/self/status": "Cpus_allowed_list:\t0,2,4,6"}).with(siblings("0-1", "0-1", "2-3", "2-3", "4-5", "4-5", "6-7", "6-7")), nil, nil},
		{"two memory nodes", good().with(files{"sys/devices/system/node/node0/cpulist": "0-3", "sys/devices/system/node/node1/cpulist": "4-7"}), nil, map[string]string{
			"memory nodes": "note|2|numactl --cpunodebind=0 --membind=0 disrust --share-port|numactl --cpunodebind=1 --membind=1 disrust --share-port",
		}},
		{"a node without CPUs", good().with(files{"sys/devices/system/node/node1/cpulist": ""}), nil, nil},

		{"nothing shows", files{}, nil, map[string]string{
			"kernel": "note|not known: /proc/sys/kernel/osrelease", "locked memory": "note|not known", "open files": "note|not known",
			"CPU quota": "note|not known", "somaxconn": "note|not known", "SMT": "note|not known",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.files.machine(c.uring).examine(defaults)
			checkWidth(t, checkReport(t, r))
			for _, f := range r.Findings {
				want, special := c.want[f.Name]
				if !special {
					want = "ok|"
				}
				delete(c.want, f.Name)
				state, parts, _ := strings.Cut(want, "|")
				if string(f.State) != state {
					t.Errorf("%+v, want %s", f, want)
				}
				said := f.Seen + "\n" + f.Costs + "\n" + strings.Join(f.Mend, "\n")
				for part := range strings.SplitSeq(parts, "|") {
					if !strings.Contains(said, part) {
						t.Errorf("no %q in %s", part, said)
					}
				}
			}
			for name := range c.want {
				t.Errorf("there is no finding %s", name)
			}
		})
	}
}

// siblings are the CPUs that share a core with each of the first CPUs.
func siblings(lists ...string) files {
	f := make(files)
	for cpu, list := range lists {
		f[fmt.Sprintf("sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu)] = list
	}
	return f
}

// checkReport fails the test unless a report is whole: what is not ok says what it costs or that it is not
// known, and a problem has a way to mend it, which people see. It returns what people see.
func checkReport(t *testing.T, r report) string {
	t.Helper()
	var b strings.Builder
	r.write(&b)
	problems, notes := 0, 0
	for _, f := range r.Findings {
		switch f.State {
		case ok:
			if f.Costs != "" || len(f.Mend) > 0 {
				t.Errorf("there is nothing to mend: %+v", f)
			}
		case note:
			notes++
		case problem:
			problems++
			if len(f.Mend) == 0 {
				t.Errorf("nothing mends it: %+v", f)
			}
		}
		if f.Seen == "" || f.State != ok && f.Costs == "" && !strings.HasPrefix(f.Seen, "not known") {
			t.Errorf("%+v does not say enough", f)
		}
		for _, command := range f.Mend {
			if !strings.Contains(b.String(), " "+command+"\n") {
				t.Errorf("people do not see %s in\n%s", command, &b)
			}
		}
	}
	if len(r.Findings) != 12 || r.Problems != problems || r.Notes != notes {
		t.Errorf("%d findings, %d problems and %d notes of %d and %d", len(r.Findings), r.Problems, r.Notes, problems, notes)
	}
	return b.String()
}

// checkWidth fails the test if a line of a report, but for commands, is too long for a terminal.
func checkWidth(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if isCommand := strings.HasPrefix(line, strings.Repeat(" ", 18)); !isCommand && utf8.RuneCountInString(line) > 101 {
			t.Errorf("a long line: %s", line)
		}
	}
}

// TestReadme compares the sample in the README with what the doctor says of a machine of the tests.
func TestReadme(t *testing.T) {
	const page = "../../../../README.md"
	m := good().with(siblings("0,4", "1,5", "2,6", "3,7", "0,4", "1,5", "2,6", "3,7")).with(files{
		"proc/self/limits": limits("65536", "1048576"), "proc/sys/net/core/somaxconn": "128",
		"sys/fs/cgroup/system.slice/disrust.service/cpu.max": "250000 100000",
	}).machine(nil)
	var b strings.Builder
	m.examine(defaults).write(&b)
	readme.Check(t, page, "doctor", "```text\n"+b.String()+"```\n")
	readme.Check(t, page, "fields of doctor", readme.Fields(report{}))
}

// TestNumbers: a list of numbers reads as it was written.
func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"0-3,8": "[0 1 2 3 8]", "5": "[5]", "": "[]", "a": "[]", "3-": "[]", "-3": "[]", "4-2": "[]", "0-99999": "[]", "0-65535,0-65535": "[]", "1,1": "[1 1]",
	} {
		if got := fmt.Sprint(numbers(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var all []int
		next := 0
		for _, step := range rapid.SliceOfN(rapid.IntRange(1, 3), 1, 50).Draw(t, "steps") {
			next += step
			all = append(all, next)
		}
		if got := numbers(list(all)); fmt.Sprint(got) != fmt.Sprint(all) {
			t.Fatalf("%v is %s, which is %v", all, list(all), got)
		}
	})
}

// FuzzMachine puts anything into one of the files. The doctor always has a whole report.
func FuzzMachine(f *testing.F) {
	paths := slices.Sorted(maps.Keys(good()))
	for _, text := range []string{
		"", "0-7", "max 100000", "-1", "0", "1 0", "9999999999999999999999", "0::/a/b\n4:cpu,memory:/../..", "[", "]", "[never", "6.", "Max open files -1",
		"Max open files unlimited unlimited\nMax locked memory 0 0", "Cpus_allowed_list: 0-65535", "Cpus_allowed_list: 0-7\nCapEff: zz", "1\x00\x1b[31m",
	} {
		for which := range paths {
			f.Add(uint8(which), text)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		path := paths[int(which)%len(paths)]
		m := good().with(files{path: text}).machine(nil)
		checkReport(t, m.examine(defaults))
	})
}
