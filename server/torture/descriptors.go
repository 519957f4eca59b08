//go:build linux

package main

import (
	"context"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// fewDescriptors is the daemon's limit in a round of the attack descriptors:
// what it needs itself, its neighbours, and room for some hundred more.
const fewDescriptors = 128

// descriptors has crowds connect of which the daemon can accept a part. The
// rest waits, and is served as others leave. An operation is a connection
// served.
func descriptors(ctx context.Context, p *peer) error {
	var waiting []visitor
	defer func() { leave(waiting) }()
	for len(waiting) < 2*fewDescriptors {
		crowd, err := p.gather(ctx)
		waiting = append(waiting, crowd...)
		if err != nil {
			return err
		}
	}
	p.pause(ctx, 300*time.Millisecond)
	return rawtest.Each(len(waiting), func(i int) error {
		err := p.answered(waiting[i])
		waiting[i].hangUp()
		return err
	})
}
