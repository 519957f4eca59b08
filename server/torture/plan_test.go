//go:build linux

package main

import "testing"

func TestMakePlans(t *testing.T) {
	for _, test := range []struct {
		places, rounds string
		plans          int
		first          string // round
	}{
		{"all", "all", 4, "all"},
		{"dedicated/2,inline/1", "kill", 2, "kill"},
		{"inline/2", "each", 3 + len(attacks), "none"},
		{"inline/2", "descriptors", 1, "descriptors"},
		{"inline/2", "failing-rows", 1, "failing-rows"},
		{"inline/2", "reset,churn", 1, "reset,churn"},
	} {
		plans, err := makePlans(test.places, test.rounds)
		if err != nil || len(plans) != test.plans || plans[0].name != test.first {
			t.Errorf("%+v: %+v, %v", test, plans, err)
		}
	}
}
