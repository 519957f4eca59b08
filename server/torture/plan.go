//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
)

// placement says where the daemon scores, and with how many I/O threads.
type placement struct {
	name  string
	flags []string
}

var placements = []placement{
	{"inline/1", []string{"--batch-threads", "0", "--io-threads", "1"}},
	{"inline/2", []string{"--batch-threads", "0", "--io-threads", "2"}},
	{"dedicated/1", []string{"--batch-threads", "1", "--io-threads", "1"}},
	{"dedicated/2", []string{"--batch-threads", "1", "--io-threads", "2"}},
}

func placementNames() (names []string) {
	for _, p := range placements {
		names = append(names, p.name)
	}
	return names
}

// plan is one round: one daemon, attacked in one way.
type plan struct {
	placement placement
	name      string
	attacks   []string // run at the same time
	kills     bool     // the round kills and restarts the daemon
	starved   bool     // the daemon's limit is fewDescriptors
	fails     bool     // the model fails for marked rows
}

// hindersDrain reports whether the round has peers that keep the daemon until the drain's
// deadline. Other rounds are about something else and save the time.
func (p plan) hindersDrain() bool { return !p.kills && !p.starved && !p.fails }

// makePlans returns the rounds that --placement and --attacks ask for.
func makePlans(places, rounds string) (plans []plan, err error) {
	chosen, err := choose("placement", places, placementNames())
	if err != nil {
		return nil, err
	}
	patterns, err := patterns(rounds)
	if err != nil {
		return nil, err
	}
	for _, p := range placements {
		if !slices.Contains(chosen, p.name) {
			continue
		}
		for _, round := range patterns {
			round.placement = p
			plans = append(plans, round)
		}
	}
	return plans, nil
}

// patterns returns the rounds that every placement has.
func patterns(rounds string) (plans []plan, err error) {
	none, kill := plan{name: "none"}, plan{name: "kill", kills: true}
	starve := plan{name: descriptorsName, attacks: []string{descriptorsName}, starved: true}
	fail := plan{name: failingRowsName, attacks: []string{failingRowsName}, fails: true}
	all := plan{name: "all", attacks: attackNames()}
	switch rounds {
	case "all":
		return []plan{all}, nil
	case "none":
		return []plan{none}, nil
	case "kill":
		return []plan{kill}, nil
	case descriptorsName:
		return []plan{starve}, nil
	case failingRowsName:
		return []plan{fail}, nil
	case "each":
		plans = append(plans, none)
		for _, name := range attackNames() {
			plans = append(plans, plan{name: name, attacks: []string{name}})
		}
		return append(plans, all, starve, fail, kill), nil
	}
	names, err := choose("attacks", rounds, attackNames())
	return []plan{{name: rounds, attacks: names}}, err
}

// choose parses a list of names separated by commas. "all" is all of names.
func choose(flag, list string, names []string) ([]string, error) {
	if list == "all" {
		return names, nil
	}
	chosen := strings.Split(list, ",")
	for _, name := range chosen {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("--%s names %q (--help lists what is allowed)", flag, name)
		}
	}
	return slices.Compact(chosen), nil
}
