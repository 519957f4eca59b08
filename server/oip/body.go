package oip

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
)

const lengthHeader = "Inference-Header-Content-Length"

// read reads the body of r to w.body, and returns how much of it is JSON.
func (w *workspace) read(to http.ResponseWriter, r *http.Request) (jsonBytes int, err error) {
	whole := http.MaxBytesReader(to, r.Body, MaxRequestBytes)
	body, err := decoded(whole, r.Header.Get("Content-Encoding"))
	if err == nil {
		w.body, err = readAll(w.body[:0], body, int(max(0, r.ContentLength)))
	}
	if err == nil { // a compressed text may end before the body, whose end net/http would wait for without a deadline
		_, err = io.Copy(io.Discard, whole)
	}
	if err != nil {
		return 0, bodyFailure(err)
	}
	length := r.Header.Get(lengthHeader)
	if length == "" {
		return len(w.body), nil
	}
	n, err := strconv.ParseUint(length, 10, 31)
	if err != nil || int(n) > len(w.body) {
		return 0, failf(invalid, "%s is %.64q: a number of bytes from 0 to the body's %d is allowed", lengthHeader, length, len(w.body))
	}
	return int(n), nil
}

// decoded returns what a body is without its encoding.
func decoded(body io.Reader, encoding string) (io.Reader, error) {
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip":
		return gzip.NewReader(body)
	case "deflate":
		return zlib.NewReader(body)
	}
	return nil, failf(encoded, "the body has the encoding %.64q: gzip and deflate are allowed", encoding)
}

// readAll appends all that r has to b, up to MaxRequestBytes. It expects about as many bytes as size.
func readAll(b []byte, r io.Reader, size int) ([]byte, error) {
	const atLeast = 512
	if need := min(size, MaxRequestBytes) + 1; cap(b) < need { // one more byte for the end
		b = make([]byte, 0, need)
	}
	for {
		if cap(b)-len(b) < 1 {
			b = append(b, make([]byte, max(atLeast, len(b)))...)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		if b = b[:len(b)+n]; len(b) > MaxRequestBytes {
			return b, tooLong()
		}
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}

// bodyFailure says what is wrong with a body that could not be read.
func bodyFailure(err error) error {
	if _, is := errors.AsType[*failure](err); is {
		return err
	}
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		return tooLong()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return failf(late, "the request was not finished in time")
	}
	return failf(invalid, "the body cannot be read: %v", err)
}
