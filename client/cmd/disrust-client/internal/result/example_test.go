package result_test

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive/sample"
)

func Example() {
	measured := sample.Interval{At: time.Second, Length: time.Second, Requests: 2, Vectors: 2, Latency: sample.NewHistogram()}
	for _, latency := range []time.Duration{20 * time.Microsecond, 3 * time.Millisecond} {
		if err := measured.Latency.RecordValue(int64(latency)); err != nil {
			fmt.Println(err)
		}
	}
	run := result.Run{
		Command:    "sustain",
		Parameters: result.Parameters{Address: "127.0.0.1:9900", Conns: 1, Window: 1, Mix: "1", Dim: 128, Duration: time.Second},
		Server:     result.ServerAt("127.0.0.1:9900", ""),
	}
	run.AddInterval(measured)
	run.Total = result.NewTotal(sample.Total{Interval: measured, Busy: 0.01, CPU: 8 * time.Microsecond, Valid: true})

	var file bytes.Buffer
	if err := run.WriteJSON(&file); err != nil {
		fmt.Println(err)
	}
	read, err := result.ReadJSON(&file)
	if err != nil {
		fmt.Println(err)
	}
	_ = read.WriteText(os.Stdout)
	// Output:
	// 127.0.0.1:9900, on this machine
	// 1 connection x 1 in flight, closed loop, vectors 1, dim 128
	// 2 requests in 1.0 s after 0s of warm-up: 2 requests/s, 2 vectors/s
	//
	//         latency
	//   p50   20.0 us
	//   max   3.00 ms
	//   mean  1.51 ms
	//
	// generator: 1 % busy, 4.00 us of CPU a request
}
