//go:build numpy

package rowfile

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
)

// python runs a program that may use NumPy as np and the folder as its own, and returns what it
// prints.
func python(t *testing.T, folder, program string) string {
	t.Helper()
	command := exec.Command("python3", "-c", "import numpy as np\n"+program)
	command.Dir = folder
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("python3 with NumPy: %v: %s", err, output)
	}
	return string(output)
}

// TestNumPyReads: NumPy reads the scores that stand behind AppendHeader.
func TestNumPyReads(t *testing.T) {
	for outputs, want := range map[int]string{1: "<f4 (6,) [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]", 3: "<f4 (2, 3) [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]"} {
		content := AppendHeader(nil, int64(6/outputs), outputs)
		for i := range 6 {
			content = binary.LittleEndian.AppendUint32(content, math.Float32bits(float32(i)/2))
		}
		path := file(t, "scores.npy", string(content))
		if got := python(t, filepath.Dir(path), "a = np.load('scores.npy')\nprint(a.dtype.str, a.shape, a.tolist())"); got != want+"\n" {
			t.Errorf("NumPy reads %s, want %s", got, want)
		}
	}
}

// TestNumPyWrites: what NumPy writes is read, or refused with the reason.
func TestNumPyWrites(t *testing.T) {
	folder := t.TempDir()
	python(t, folder, `
rows = np.arange(6, dtype='<f4').reshape(2, 3)
np.save('rows.npy', rows)
np.lib.format.write_array(open('2.npy', 'wb'), rows, version=(2, 0))
np.lib.format.write_array(open('3.npy', 'wb'), rows, version=(3, 0))
np.save('none.npy', rows[:0])
np.save('fortran.npy', np.asfortranarray(rows))
np.save('big.npy', rows.astype('>f4'))
np.save('double.npy', rows.astype('<f8'))
np.save('half.npy', rows.astype('<f2'))
np.save('integers.npy', rows.astype('<i4'))
np.save('flat.npy', rows.ravel())
np.save('wide.npy', rows.T)
np.save('objects.npy', rows.astype(object))
np.savez('named.npz', rows=rows)
np.savez_compressed('packed.npz', rows=rows)
np.savetxt('rows.csv', rows, delimiter=',')
rows.dump('rows.pickle')
rows.tofile('rows.f32')
`)
	for name, want := range map[string]string{
		"rows.npy": "", "2.npy": "", "3.npy": "", "none.npy": "", "rows.f32": "",
		"fortran.npy": "is in Fortran's order", "big.npy": "has dtype '>f4'", "double.npy": "has dtype '<f8'", "half.npy": "has dtype '<f2'",
		"integers.npy": "has dtype '<i4'", "flat.npy": "has 1 dimensions", "wide.npy": "is in Fortran's order", "objects.npy": "has dtype '|O'",
		"named.npz": "is a NumPy archive", "packed.npz": "is a NumPy archive", "rows.csv": "is text", "rows.pickle": "is a Python pickle",
	} {
		f, err := Open(filepath.Join(folder, name), 3)
		switch {
		case err == nil && want != "":
			t.Errorf("%s is read, want %q", name, want)
		case err == nil:
			if f.Rows != 2 && name != "none.npy" {
				t.Errorf("%s: %d rows", name, f.Rows)
			}
			f.Close()
		case want == "" || !strings.Contains(err.Error(), want):
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestNumPyArchives: the arrays that NumPy writes into one file are read.
func TestNumPyArchives(t *testing.T) {
	folder := t.TempDir()
	python(t, folder, `
arrays = dict(rows=np.arange(6, dtype='<f4').reshape(2, 3), scores=np.zeros(2, '<f4'), kind='prob', tolerance=0.5, number=2)
np.savez('stored.npz', **arrays)
np.savez_compressed('packed.npz', **arrays)
`)
	for _, name := range []string{"stored.npz", "packed.npz"} {
		all, err := ReadNPZ(filepath.Join(folder, name), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for array, want := range map[string]string{
			"rows": "<f4 [2 3] 24", "scores": "<f4 [2] 8", "kind": "<U4 [] 16", "tolerance": "<f8 [] 8", "number": "<i8 [] 8",
		} {
			if a := all[array]; fmt.Sprint(a.DType, " ", a.Shape, " ", len(a.Data)) != want {
				t.Errorf("%s: %s is %s %v of %d bytes, want %s", name, array, a.DType, a.Shape, len(a.Data), want)
			}
		}
		if tolerance := math.Float64frombits(binary.LittleEndian.Uint64(all["tolerance"].Data)); tolerance != 0.5 || len(all) != 5 {
			t.Errorf("%s: tolerance %v, %d arrays", name, tolerance, len(all))
		}
	}
}

// TestPages: the commands in the repository's pages turn a CSV file into rows, and scores into a CSV
// file.
func TestPages(t *testing.T) {
	folder := filepath.Dir(file(t, "rows.csv", "1,2.5\n-3,4e3\n"))
	scores := AppendHeader(nil, 2, 1)
	scores = binary.LittleEndian.AppendUint32(scores, math.Float32bits(3.5))
	scores = binary.LittleEndian.AppendUint32(scores, math.Float32bits(0.1))
	if err := os.WriteFile(filepath.Join(folder, "scores.npy"), scores, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range readme.Own(t, "../../..", "client/tools/rowfile") {
		shell := exec.Command("sh", "-c", command)
		shell.Dir = folder
		if output, err := shell.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command, err, output)
		}
	}
	rows, err := Open(filepath.Join(folder, "rows.npy"), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got [4]float32
	if err := binary.Read(rows, binary.LittleEndian, &got); err != nil || rows.Rows != 2 || got != [4]float32{1, 2.5, -3, 4e3} {
		t.Errorf("%v, %d rows of %v", err, rows.Rows, got)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "scores.csv")); err != nil || string(text) != "3.5\n0.100000001\n" {
		t.Errorf("%v, %q", err, text)
	}
}
