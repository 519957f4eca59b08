//go:build !linux

package eventfd_test

import (
	"testing"

	"github.com/disrust/disrust/eventfd"
)

func TestNewSaysThatItNeedsLinux(t *testing.T) {
	e, err := eventfd.New()
	if e != nil || err == nil || err.Error() != "eventfd: needs Linux" {
		t.Errorf("New: %v, %v", e, err)
	}
}
