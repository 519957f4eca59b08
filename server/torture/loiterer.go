//go:build linux

package main

import (
	"errors"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// loiterers are peers of version 2 that hinder a drain. One never reads, one never finishes its
// hello, one stays after its refusal, and one sends nothing after its welcome and does not obey
// the notice either. The daemon must end all the same, and owes them nothing.
type loiterers struct {
	mute   *rawtest.Mute
	silent []*rawtest.Client
}

func connectLoiterers(addr string) (l loiterers, err error) {
	narrow, err := rawtest.DialNarrow(addr)
	if err != nil {
		return l, err
	}
	good := hello{version: 2}.bytes()
	if err := narrow.Send(good); err != nil {
		return l, errors.Join(err, narrow.Close())
	}
	l.mute = rawtest.NewMuteOn(narrow, rawtest.Source{Dim: dim}, 0, maxVectors, chunk)
	for _, message := range [][]byte{good[:preambleBytes], hello{version: 2, dim: dim + 1}.bytes(), good} {
		c, err := rawtest.Dial(addr)
		if err != nil {
			return l, err
		}
		l.silent = append(l.silent, c)
		if err := c.Send(message); err != nil {
			return l, err
		}
	}
	return l, nil
}

// leave closes the connections.
func (l loiterers) leave() {
	if l.mute != nil {
		l.mute.Drop()
	}
	for _, c := range l.silent {
		c.Close()
	}
}
