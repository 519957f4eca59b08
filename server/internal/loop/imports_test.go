//go:build linux

package loop

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImportsNoKernel: the state machine and its tests reach the kernel only through
// package netio.
func TestImportsNoKernel(t *testing.T) {
	const list = `{{join .Imports "\n"}}{{"\n"}}{{join .TestImports "\n"}}{{"\n"}}{{join .XTestImports "\n"}}`
	out, err := exec.Command("go", "list", "-f", list, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := strings.Fields(string(out))
	const seam = "github.com/disrust/disrust/server/internal/netio"
	if !slices.Contains(imports, seam) {
		t.Fatalf("go list does not name %s, but %v", seam, imports)
	}
	for _, path := range imports {
		if strings.HasPrefix(path, "golang.org/x/sys") || path == "syscall" || strings.HasSuffix(path, "/disrust/uring") ||
			strings.HasPrefix(path, seam+"/") && path != seam+"/simio" {
			t.Errorf("imports %s", path)
		}
	}
}
