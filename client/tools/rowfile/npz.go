package rowfile

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Content is an array of an .npz file: of any dtype, in any number of dimensions.
type Content struct {
	Shape   []int64
	DType   string // as NumPy has it, such as "<f4"
	Fortran bool   // column after column
	Data    []byte
}

// ReadNPZ reads all arrays of an .npz file, which is a zip archive of .npy files, as numpy.savez and
// numpy.savez_compressed write it. An archive whose content takes more than limit bytes is refused.
// Its errors are sentences, beginning with the file's name.
func ReadNPZ(name string, limit int64) (map[string]Content, error) {
	file, size, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all, err := readNPZ(file, size, limit)
	if err != nil {
		return nil, fmt.Errorf("%s %w", name, err)
	}
	return all, nil
}

func readNPZ(file *os.File, size, limit int64) (map[string]Content, error) {
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil, fmt.Errorf("is no whole .npz file (%w): save the arrays with numpy.savez", err)
	}
	all := make(map[string]Content, len(archive.File))
	for _, member := range archive.File {
		name, npy := strings.CutSuffix(member.Name, ".npy")
		if !npy {
			return nil, fmt.Errorf("holds %q, which is no .npy file: save the arrays with numpy.savez", member.Name)
		}
		if member.UncompressedSize64 > uint64(limit) {
			return nil, fmt.Errorf("is too large: %s.npy would exceed what is allowed", name)
		}
		limit -= int64(member.UncompressedSize64)
		if all[name], err = readMember(member); err != nil {
			return nil, fmt.Errorf("holds the array %s, which %w", name, err)
		}
	}
	return all, nil
}

// readMember reads one array. It takes no more memory than the member's size, which archive/zip checks.
func readMember(member *zip.File) (c Content, err error) {
	opened, err := member.Open()
	if err != nil {
		return c, fmt.Errorf("cannot be read: %w", err)
	}
	defer opened.Close()
	in := bufio.NewReader(opened)
	if npy, err := beginsAsNPY(in); err != nil || !npy {
		return c, errors.Join(errors.New("does not begin as a .npy file"), err)
	}
	h, err := readHeader(in)
	if err != nil {
		return c, err
	}
	c = Content{Shape: h.shape, DType: h.dtype, Fortran: h.fortran, Data: make([]byte, max(0, int64(member.UncompressedSize64)-h.bytes))}
	if _, err := io.ReadFull(in, c.Data); err != nil {
		return c, fmt.Errorf("cannot be read: %w", err)
	}
	switch _, err := in.ReadByte(); err { // the end is where the checksum is compared
	case io.EOF:
		return c, nil
	case nil:
		return c, errors.New("is longer than the archive says")
	default:
		return c, fmt.Errorf("cannot be read: %w", err)
	}
}
