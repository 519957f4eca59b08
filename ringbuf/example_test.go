package ringbuf_test

import (
	"fmt"
	"sync"

	"github.com/disrust/disrust/ringbuf"
)

// One goroutine passes numbers to another, and closes the ring after the last.
func Example() {
	ring, err := ringbuf.NewSPSC[int](8, ringbuf.NewBlock(100))
	if err != nil {
		panic(err)
	}
	go func() {
		producer := ring.Producer()
		for n := 1; n <= 3; n++ {
			lo, _ := producer.Claim(1) // always succeeds: eight slots, three items
			*producer.Slot(lo) = n * n
			producer.Publish(lo, 1)
		}
		ring.Close()
	}()

	consumer := ring.Consumer()
	for consumer.Wait() {
		lo, count := consumer.Poll(8)
		for seq := lo; seq < lo+ringbuf.Sequence(count); seq++ {
			fmt.Println(*consumer.Slot(seq))
		}
		consumer.Release(count)
	}
	// Output:
	// 1
	// 4
	// 9
}

// Several producers, each with its own handle, claim runs of slots at once.
func ExampleNewMPSC() {
	ring, err := ringbuf.NewMPSC[int](16, nil)
	if err != nil {
		panic(err)
	}
	var producing sync.WaitGroup
	for range 4 {
		producer := ring.Producer()
		producing.Go(func() {
			lo, _ := producer.Claim(3)
			first, second := producer.Slots(lo, 3)
			for _, run := range [][]int{first, second} {
				for i := range run {
					run[i] = 1
				}
			}
			producer.Publish(lo, 3)
		})
	}
	producing.Wait()
	ring.Close()

	consumer, sum := ring.Consumer(), 0
	for consumer.Wait() {
		lo, count := consumer.Poll(16)
		first, second := consumer.Slots(lo, count)
		for _, run := range [][]int{first, second} {
			for _, n := range run {
				sum += n
			}
		}
		consumer.Release(count)
	}
	fmt.Println(sum)
	// Output: 12
}

// doorbell stands for whatever wakes an event loop, such as an eventfd that the
// loop reads.
type doorbell chan struct{}

func (d doorbell) Idle(int) bool { return true }
func (d doorbell) Sleep()        { <-d }
func (d doorbell) Wake() {
	select {
	case d <- struct{}{}:
	default:
	}
}

// A consumer that has an event loop announces that it is about to sleep, and sleeps
// only if Announce returns true.
func ExampleConsumer_Announce() {
	events := make(doorbell, 1)
	ring, err := ringbuf.NewSPSC[string](4, events)
	if err != nil {
		panic(err)
	}
	producer, consumer := ring.Producer(), ring.Consumer()

	if consumer.Announce() {
		fmt.Println("nothing to do: sleep")
	}
	lo, _ := producer.Claim(1)
	*producer.Slot(lo) = "work"
	producer.Publish(lo, 1) // rings the bell
	<-events
	consumer.Awake()

	if !consumer.Announce() {
		lo, _ := consumer.Poll(1)
		fmt.Println("awake:", *consumer.Slot(lo))
		consumer.Release(1)
	}
	// Output:
	// nothing to do: sleep
	// awake: work
}
