//go:build !amd64

package gemm

import "github.com/disrust/disrust/batcher/kernel"

func (c *call) run(k kernel.Kind) { panic("gemm: this processor has no kernel " + k.String()) }
