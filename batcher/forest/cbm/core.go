package cbm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// headBytes is the size of the magic and of the size that follows it.
const headBytes = len(magic) + 4

// unwrap returns the flatbuffer in a file, and what is behind it: only files with categories, text
// or embeddings have something there.
func unwrap(data []byte) (core, behind []byte, err error) {
	if len(data) < headBytes {
		return nil, nil, errors.New("the file ends in its first 8 bytes: it is cut")
	}
	size := binary.LittleEndian.Uint32(data[len(magic):])
	rest := data[headBytes:]
	switch {
	case size > math.MaxInt32:
		return nil, nil, fmt.Errorf("the size of the model in it is %d: CatBoost's are below 2 GiB", size)
	case int(size) > len(rest):
		return nil, nil, fmt.Errorf("the file has %d of the model's %d bytes: it is cut", len(rest), size)
	}
	return rest[:size], rest[size:], nil
}
