package bufpool_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/disrust/disrust/bufpool"
)

func Example() {
	pool, err := bufpool.New(bufpool.Config{Size: 1 << 20})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	buf, err := pool.Alloc(5)
	if err != nil {
		log.Fatal(err)
	}
	copy(buf.Bytes(), "hello")
	span := pool.Freeze(buf) // two numbers: send them to the goroutine that does the work

	fmt.Printf("%s, %d of %d bytes in use\n", pool.Bytes(span), pool.InUse(), pool.Capacity())
	pool.Release(span)
	fmt.Println(pool.InUse(), "in use")
	// Output:
	// hello, 5 of 1048576 bytes in use
	// 0 in use
}

// A full pool is no fault. A server stops reading from its connections and retries
// after the next Release.
func ExamplePool_Alloc() {
	pool, err := bufpool.New(bufpool.Config{Size: 1024})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	for _, size := range []int{1000, 100, 2000} {
		_, err := pool.Alloc(size)
		if full := (*bufpool.Exhausted)(nil); errors.As(err, &full) {
			fmt.Println("later:", full)
		} else if err != nil {
			fmt.Println("never:", err)
		}
	}
	// Output:
	// later: bufpool: no room for 100 bytes: 1000 of 1024 bytes in use, live spans: 1
	// never: bufpool: 2000 bytes exceed the pool's capacity of 1024
}
