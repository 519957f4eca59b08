package conformance

import (
	"slices"

	"github.com/disrust/disrust/wire"
)

// Scenarios returns all scenarios, in the order of the README.
func Scenarios() []Scenario {
	return slices.Concat(plain(), shapes(), deliveries(), refusals(), noWelcomes(), ends(), resets(),
		failures(), notices(), departures(), violations(), silences())
}

// find returns the scenario of that name.
func find(name string) (s Scenario, ok bool) {
	all := Scenarios()
	at := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
	if at < 0 {
		return s, false
	}
	return all[at], true
}

// connectMillis is far more than a connection on loopback takes.
const connectMillis = 20_000

// served is what the server says of itself in most scenarios.
var served = wire.Welcome{
	Format:   wire.Format{Dim: 4, Outputs: 1, MaxVectors: 8},
	Kind:     wire.Raw,
	Identity: identity(1),
	Model:    "conformance",
}

// identity returns an identity that counts up from first.
func identity(first byte) (id wire.Identity) {
	for k := range id {
		id[k] = first + byte(k)
	}
	return id
}

// scenario returns a scenario of version 2.
func scenario(name, says string, rounds [][]Call, connections ...[]Step) Scenario {
	return Scenario{
		Name: name, Says: says, Version: 2, Serves: served, ConnectMillis: connectMillis,
		Rounds: rounds, Connections: connections,
	}
}

// old returns s, for a client that speaks version 1.
func (s Scenario) old() Scenario {
	s.Version = 1
	return s
}

// welcomed returns the steps of a connection that begins with a hello and a welcome.
func welcomed(steps ...Step) []Step { return append([]Step{hello, welcome}, steps...) }

// calls returns calls of these sizes that are all scored.
func calls(vectors ...int) (round []Call) {
	for _, n := range vectors {
		round = append(round, Call{Vectors: n, Outcome: Scored})
	}
	return round
}

// one returns the rounds of a single call with this outcome, or one of the others.
func one(outcome string, may ...string) [][]Call {
	return [][]Call{{{Vectors: 2, Outcome: outcome, May: may}}}
}

// may returns calls, with other outcomes that they may have.
func may(round []Call, outcomes ...string) []Call {
	for k := range round {
		round[k].May = outcomes
	}
	return round
}

// lost returns calls of these sizes whose connection is lost.
func lost(vectors ...int) []Call {
	round := calls(vectors...)
	for k := range round {
		round[k].Outcome = Lost
	}
	return round
}

func rounds(r ...[]Call) [][]Call { return r }

func plain() []Scenario {
	exact := scenario("states-all", "welcomes a client that states everything as the server has it", rounds(calls(1, 8)))
	exact.States = wire.Hello{Dim: 4, Outputs: 1, Kind: wire.Raw, MaxVectors: 8, Model: "conformance"}
	return []Scenario{
		scenario("plain", "makes no mistake", rounds(calls(1), calls(3, 8, 1), calls(2))),
		exact,
		scenario("plain-v1", "speaks version 1 and makes no mistake", rounds(calls(1), calls(3, 8, 1), calls(2))).old(),
	}
}

func shapes() []Scenario {
	shaped := func(name, says string, f wire.Format, r [][]Call) Scenario {
		s := scenario(name, says, r)
		s.Serves.Format = f
		return s
	}
	named := func(name, says, model string) Scenario {
		s := scenario(name, says, one(Scored))
		s.Serves.Model = model
		return s
	}
	short := Call{Vectors: 1, Features: 3, Outcome: NotSent}
	long := Call{Vectors: 1, Features: 5, Outcome: NotSent}
	strange := scenario("kind-unknown", "gives scores of a kind of a later version", one(Scored))
	strange.Serves.Kind = 77
	built := scenario("built-in", "has a model without identity and name, of unstated kind", one(Scored))
	built.Serves.Identity, built.Serves.Model, built.Serves.Kind = wire.Identity{}, "", wire.Unstated
	return []Scenario{
		shaped("outputs-3", "gives three scores per row", wire.Format{Dim: 4, Outputs: 3, MaxVectors: 8}, rounds(calls(1, 5), calls(8))),
		shaped("outputs-3-v1", "gives three scores per row, in version 1", wire.Format{Dim: 4, Outputs: 3, MaxVectors: 8}, rounds(calls(1, 5))).old(),
		shaped("dim-1", "takes one feature per row", wire.Format{Dim: 1, Outputs: 1, MaxVectors: 64}, rounds(calls(1, 64, 1))),
		shaped("largest-dim", "takes the most features per row", wire.Format{Dim: wire.MaxDim, Outputs: 1, MaxVectors: 2}, rounds(calls(1, 2))),
		shaped("split", "takes fewer vectors per request than the call has", wire.Format{Dim: 4, Outputs: 2, MaxVectors: 2}, rounds(calls(5, 1), calls(2, 3))),
		shaped("one-vector", "takes one vector per request", wire.Format{Dim: 4, Outputs: 1, MaxVectors: 1}, rounds(calls(3))),
		scenario("rows-of-another-dim", "makes no mistake, but two calls have rows that do not fit", rounds(calls(1), []Call{short, long}, calls(2))),
		named("name-not-ascii", "has a model whose name is not ASCII", "modèle-漢字-🦀"),
		named("name-longest", "has a model with the longest name", string(slices.Repeat([]byte("n"), wire.MaxNameBytes))),
		named("name-not-utf-8", "has a model whose name is not UTF-8 and holds control characters", "\xff\x1b[2J\n\x00"),
		built, strange,
	}
}
