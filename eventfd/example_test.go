//go:build linux

package eventfd_test

import (
	"fmt"
	"log"

	"github.com/disrust/disrust/eventfd"
)

func Example() {
	wake, err := eventfd.New()
	if err != nil {
		log.Fatal(err)
	}
	defer wake.Close()

	for range 3 { // any thread may signal
		if err := wake.Signal(); err != nil {
			log.Fatal(err)
		}
	}
	count, err := wake.Read() // or an io_uring read of 8 bytes from wake.FD()
	fmt.Println(count, err)
	// Output: 3 <nil>
}
