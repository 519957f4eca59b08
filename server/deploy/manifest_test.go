//go:build linux

package main

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
	"go.yaml.in/yaml/v3"
)

// deployment is what the tests read of the Deployment.
type deployment struct {
	Kind string
	Spec struct {
		Template struct{ Spec pod }
	}
}

type pod struct {
	Grace           int `yaml:"terminationGracePeriodSeconds"`
	SecurityContext struct {
		RunAsUser int `yaml:"runAsUser"`
	} `yaml:"securityContext"`
	Containers []container
}

type container struct {
	Args  []string
	Ports []struct {
		Name string
		Port int `yaml:"containerPort"`
	}
	Startup   probe `yaml:"startupProbe"`
	Readiness probe `yaml:"readinessProbe"`
	Liveness  probe `yaml:"livenessProbe"`
	Lifecycle struct {
		PreStop struct {
			Sleep struct{ Seconds int }
		} `yaml:"preStop"`
	}
	Resources    struct{ Limits struct{ Memory string } }
	VolumeMounts []struct {
		MountPath string `yaml:"mountPath"`
		SubPath   string `yaml:"subPath"`
	} `yaml:"volumeMounts"`
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

// readDeployment returns the pod of the manifests, and its only container.
func readDeployment(t *testing.T) (pod, container) {
	t.Helper()
	f, err := os.Open("kubernetes.yaml")
	check(t, err)
	defer f.Close()
	for d := yaml.NewDecoder(f); ; {
		var found deployment
		check(t, d.Decode(&found)) // also at the end of the file
		if spec := found.Spec.Template.Spec; found.Kind == "Deployment" {
			if len(spec.Containers) != 1 {
				t.Fatalf("%d containers", len(spec.Containers))
			}
			return spec, spec.Containers[0]
		}
	}
}

// TestKubernetes runs the daemon as the Deployment does. Its time to end and its memory must fit into
// what Kubernetes allows, and the probes must find their paths.
func TestKubernetes(t *testing.T) {
	pod, c := readDeployment(t)
	places := strings.NewReplacer("0.0.0.0:9900", "127.0.0.1:0", "0.0.0.0:9901", "127.0.0.1:0", "/models/model", example+"model.txt")
	command := []string{disrust}
	for _, arg := range c.Args {
		command = append(command, places.Replace(arg))
	}
	d := daemontest.Start(t, command...)
	scores(t, d.Addr)
	admin := adminOf(t, d)
	s := ask(t, admin)

	end := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second + toEnd(t, s)
	if grace := time.Duration(pod.Grace) * time.Second; grace < end {
		t.Errorf("terminationGracePeriodSeconds is %v: the sleep, the drain and 5 s more are %v", grace, end)
	}
	const model = 256 << 20 // for a model while it loads, and for socket buffers
	if limit := bytesOf(t, c.Resources.Limits.Memory); limit < s.MostBytes+model {
		t.Errorf("%d bytes of memory are allowed, and the daemon may take %d and what loading takes", limit, s.MostBytes)
	}
	for _, p := range []probe{c.Startup, c.Readiness, c.Liveness} {
		if body, code := get(t, admin, p.HTTPGet.Path); code != http.StatusOK || p.HTTPGet.Port != "admin" {
			t.Errorf("the probe of %s at port %s: %d %s", p.HTTPGet.Path, p.HTTPGet.Port, code, body)
		}
	}
	for _, p := range c.Ports {
		flag := map[string]string{"scores": "--listen", "admin": "--admin"}[p.Name]
		if want := flag + "=0.0.0.0:" + strconv.Itoa(p.Port); !slices.Contains(c.Args, want) {
			t.Errorf("the port %s is %d, and no argument is %s", p.Name, p.Port, want)
		}
	}
	mount := c.VolumeMounts[0]
	if !slices.Contains(c.Args, "--model="+mount.MountPath+"/model") || mount.SubPath != "" {
		t.Errorf("%s, subPath %q: not the folder of the model", mount.MountPath, mount.SubPath)
	}
	if user := readDockerfile(t).user; user != pod.SecurityContext.RunAsUser {
		t.Errorf("the pod runs as %d, the image as %d", pod.SecurityContext.RunAsUser, user)
	}
}

// toEnd returns how long a daemon may take to end, with 5 seconds more.
func toEnd(t *testing.T, s status) (sum time.Duration) {
	t.Helper()
	for _, name := range []string{"drain-delay", "drain-spread", "drain-timeout"} {
		value, err := time.ParseDuration(s.Flags[name])
		check(t, err)
		sum += value
	}
	return sum + 5*time.Second
}

func bytesOf(t *testing.T, memory string) uint64 {
	t.Helper()
	number, found := strings.CutSuffix(memory, "Gi")
	gib, err := strconv.ParseUint(number, 10, 32)
	if !found || err != nil {
		t.Fatalf("memory: %q: a number of Gi is expected", memory)
	}
	return gib << 30
}

var adminLine = regexp.MustCompile(`(?m)^disrust: admin port on (\S+)\n`)

// adminOf returns the address of a daemon's admin port.
func adminOf(t *testing.T, d *daemontest.Daemon) string {
	t.Helper()
	match := adminLine.FindStringSubmatch(d.Stderr.String())
	if match == nil {
		t.Fatalf("no admin port: %s", &d.Stderr)
	}
	return match[1]
}
