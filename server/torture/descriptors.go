//go:build linux

package main

import (
	"context"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// fewDescriptors is the daemon's limit on descriptors in a round of the attack descriptors.
// It is enough for the daemon itself, its neighbours, and about a hundred more connections.
const fewDescriptors = 128

// descriptors connects more peers than the daemon can accept. The others wait, and the daemon
// must serve them as peers leave. An operation is a connection served.
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
		waiting[i].closeOnce()
		return err
	})
}
