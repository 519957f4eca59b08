//go:build linux

package rawtest

import "encoding/binary"

// Hello returns a hello of version 2 with these fields; 0 and "" mean any.
func Hello(dim, outputs, kind, maxVectors uint32, model string) []byte {
	body := words(dim, outputs, kind, maxVectors)
	return frame(append(append(body, byte(len(model))), model...))
}

// Welcome returns the welcome of a server with a model that has no identity.
func Welcome(status uint16, dim, outputs, kind, maxVectors uint32, model, sentence string) []byte {
	body := binary.LittleEndian.AppendUint16(nil, status)
	body = append(body, 0, 0)
	body = append(body, words(dim, outputs, kind, maxVectors)...)
	body = append(body, make([]byte, 32)...)
	body = append(append(body, byte(len(model))), model...)
	body = binary.LittleEndian.AppendUint16(body, uint16(len(sentence)))
	return frame(append(body, sentence...))
}

// Failure returns a failed request of version 2.
func Failure(code, detail uint32) []byte { return words(0x80000000+code, detail) }

// GoingAway returns the notice that the server is going away.
func GoingAway() []byte { return words(0xC0000001, 0) }

// frame returns a body of version 2, padded and behind its header.
func frame(body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	header := append([]byte("DIS2"), 2, 0)
	header = binary.LittleEndian.AppendUint16(header, uint16(len(body)))
	return append(header, body...)
}

func words(all ...uint32) (b []byte) {
	for _, w := range all {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}
