package rowfile

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"os"
	"reflect"
	"strings"
	"testing"
)

// npz is an archive of these files.
func npz(t *testing.T, method uint16, members ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		m, err := w.CreateHeader(&zip.FileHeader{Name: members[i], Method: method})
		if err == nil {
			_, err = m.Write([]byte(members[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const scalar = "{'descr': '<f8', 'fortran_order': False, 'shape': (), }"

func TestReadNPZ(t *testing.T) {
	want := map[string]Content{
		"rows":      {[]int64{2, 3}, "<f4", false, bytes.Repeat([]byte{1}, 24)},
		"tolerance": {nil, "<f8", false, bytes.Repeat([]byte{1}, 8)},
		"none":      {[]int64{0}, "|b1", true, []byte{}},
	}
	none := "{'descr': '|b1', 'fortran_order': True, 'shape': (0,), }"
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		content := npz(t, method, "rows.npy", npy(twoRows, 24), "tolerance.npy", npy(scalar, 8), "none.npy", npy(none, 0))
		path := file(t, "a.npz", content)
		if got, err := ReadNPZ(path, 1000); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v, %v", got, err)
		}
		for size := range content {
			if err := os.Truncate(path, int64(len(content)-1-size)); err != nil {
				t.Fatal(err)
			}
			if got, err := ReadNPZ(path, 1000); err == nil {
				t.Fatalf("%d bytes of %d are read: %v", len(content)-1-size, len(content), got)
			}
		}
	}
}

func TestNPZRefused(t *testing.T) {
	one := npz(t, zip.Store, "rows.npy", npy(twoRows, 24))
	at := strings.Index(one, "\x01\x01\x01\x01")
	for content, want := range map[string]string{
		"":                                  " is no whole .npz file",
		npy(twoRows, 24):                    " is no whole .npz file",
		npz(t, zip.Store, "readme", "text"): ` holds "readme", which is no .npy file`,
		npz(t, zip.Store, "a.npy", "text"):  " holds the array a, which does not begin as a .npy file",
		npz(t, zip.Store, "a.npy", npy("{'descr': 3}", 0)):                                            " holds the array a, which has a .npy header that is no dictionary",
		npz(t, zip.Deflate, "a.npy", npy(twoRows, 24), "b.npy", npy(twoRows, 950)):                    " is too large: b.npy",
		npz(t, zip.Deflate, "a.npy", npy(twoRows, 1<<20)):                                             " is too large: a.npy",
		one[:at] + "\x02" + one[at+1:]:                                                                " holds the array rows, which cannot be read: zip: checksum error",
		strings.ReplaceAll(one, le(crc32.ChecksumIEEE([]byte(npy(twoRows, 24)))), "\x00\x01\x02\x03"): "zip: checksum error",
	} {
		path := file(t, "a.npz", content)
		if _, err := ReadNPZ(path, 1000); err == nil || !strings.HasPrefix(err.Error(), path+" ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := ReadNPZ(t.TempDir(), 1); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Error(err)
	}
}

func le(x uint32) string { return string([]byte{byte(x), byte(x >> 8), byte(x >> 16), byte(x >> 24)}) }
