package machine

import (
	"encoding/json"
	"testing"
)

func TestThis(t *testing.T) {
	m := This()
	if m.OS == "" || m.Arch == "" || m.CPUs < 1 || m.Go == "" {
		t.Errorf("this machine is %+v", m)
	}
	if m.OS == "linux" && (m.Kernel == "" || m.Memory < 1<<20) {
		t.Errorf("on Linux, kernel is %q and memory %d", m.Kernel, m.Memory)
	}
}

func TestField(t *testing.T) {
	text := "processor\t: 0\nmodel name\t: A: B\nmodel name\t: C\n"
	for name, want := range map[string]string{"model name": "A: B", "processor": "0", "model": "", "": ""} {
		if got := field(text, name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func TestString(t *testing.T) {
	for want, m := range map[string]Machine{
		"2 CPUs, Xeon, 7.8 GiB of memory; linux/amd64, kernel 6.18.1, go1.26.8": {
			OS: "linux", Arch: "amd64", Kernel: "6.18.1", CPUModel: "Xeon", CPUs: 2, Memory: 78 << 30 / 10, Go: "go1.26.8",
		},
		"1 CPU; plan9/arm, go1.26": {OS: "plan9", Arch: "arm", CPUs: 1, Go: "go1.26"},
	} {
		if got := m.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestStored holds the names in stored runs.
func TestStored(t *testing.T) {
	m := Machine{OS: "linux", Arch: "amd64", Kernel: "6.18.1", CPUModel: "Xeon", CPUs: 2, Memory: 1 << 30, Go: "go1.26.8"}
	const want = `{"os":"linux","arch":"amd64","kernel":"6.18.1","cpu_model":"Xeon","cpus":2,"memory_bytes":1073741824,"go_version":"go1.26.8"}`
	text, err := json.Marshal(m)
	if err != nil || string(text) != want {
		t.Errorf("stored is %s, %v\nwant %s", text, err, want)
	}
}
