package slab_test

import (
	"fmt"
	"log"

	"github.com/disrust/disrust/slab"
)

func Example() {
	connections, err := slab.New[string](1024)
	if err != nil {
		log.Fatal(err)
	}
	const opRecv = 1
	alice, _ := connections.Insert("alice")
	userData := alice.Pack(opRecv) // the user_data of a receive

	connections.Remove(alice) // alice disconnects before the receive completes
	connections.Insert("bob") // bob gets her slot

	key, op := slab.Unpack(userData)
	fmt.Println(op == opRecv, connections.Get(key) == nil)
	// Output: true true
}

// The loop may remove the key that All yields, for example to remove idle values.
func ExampleSlab_All() {
	requests, err := slab.New[int](8)
	if err != nil {
		log.Fatal(err)
	}
	for pending := range 4 {
		requests.Insert(pending)
	}
	for key, pending := range requests.All() {
		if *pending == 0 {
			requests.Remove(key)
			continue
		}
		fmt.Println("slot", key.Index(), "generation", key.Generation(), "pending", *pending)
	}
	// Output:
	// slot 1 generation 1 pending 1
	// slot 2 generation 1 pending 2
	// slot 3 generation 1 pending 3
}
