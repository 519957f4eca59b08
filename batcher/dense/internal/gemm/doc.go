// Package gemm multiplies rows by a matrix of weights.
//
// An output is alpha * sum + bias, and what a floor says is the least. The sum begins at 0, and the products
// are added in the order of the inputs. Each addition is fused with its multiplication: x*w + sum is rounded
// once, to float32, and so is alpha*sum + bias. That leaves no choice: the bits of an output are the same with
// every kernel, on every processor, for one row as for many. A NaN is a NaN, but its bits may differ.
//
// The page README.md says how the kernels for amd64 do that.
package gemm

//go:generate env GOWORK=off go -C gen run . -out ../kernel_amd64.s -stubs ../kernel_amd64.go -pkg gemm
