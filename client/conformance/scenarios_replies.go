package conformance

import (
	"encoding/binary"

	"github.com/disrust/disrust/wire"
)

// failed returns a call whose request the server fails.
func failed(vectors int, code uint32, row int) Call {
	return Call{Vectors: vectors, Outcome: Failed, Code: code, Row: row}
}

// failures are requests that the model fails. Each concerns its own call only.
func failures() []Scenario {
	split := scenario("failure-in-part", "fails one part of a call that needs several requests", rounds(append(calls(2), failed(5, wire.ModelError, 3)), calls(1)))
	split.Serves.Format.MaxVectors = 2
	wide := scenario("failure-outputs-3", "fails a request, and gives three scores per row", rounds(append(calls(1), failed(1, wire.ModelError, 0), calls(2)[0])))
	wide.Serves.Format.Outputs = 3
	all := append(calls(2), failed(3, wire.ModelError, 1), calls(1)[0], failed(2, wire.ModelPanic, UnknownRow), failed(1, 77, UnknownRow), calls(3)[0])
	return []Scenario{
		scenario("failure-error", "fails a request because the model returned an error", rounds(append(calls(1), failed(4, wire.ModelError, 2), calls(2)[0]), calls(1))),
		scenario("failure-panic", "fails a request because the model panicked", rounds(append(calls(1), failed(4, wire.ModelPanic, 0), calls(2)[0]), calls(1))),
		scenario("failure-no-row", "fails a request and names no row", rounds(append(calls(1), failed(2, wire.ModelError, UnknownRow), calls(2)[0]))),
		scenario("failure-unknown-code", "fails a request with a code of a later version", rounds(append(calls(1), failed(2, 0x3FFFFFFF, UnknownRow), calls(2)[0]))),
		scenario("failures-together", "fails three requests of six and sends all replies in one write", rounds(all, calls(1)), welcomed(requests(6), answers(6))),
		scenario("failures-byte-by-byte", "fails three requests of six and sends all replies one byte at a time", rounds(all, calls(1)), welcomed(requests(6), pieces(1), answers(6))),
		split, wide,
		denied(),
	}
}

// denied returns a scenario in which the server denies a count that is allowed, and ends the
// connection.
func denied() Scenario {
	r := append(calls(1), Call{Vectors: 2, Outcome: Lost, May: []string{Failed}, Code: wire.CountDenied, Row: UnknownRow}, may(lost(1), Scored)[0])
	return scenario("failure-count-denied", "fails a request because its count is not allowed, and ends the connection", rounds(r, calls(1)),
		welcomed(requests(3), answers(1), deny, fin))
}

// notices are messages that belong to no request.
func notices() []Scenario {
	unknown := wire.AppendNotice(nil, 77, []byte("\x01\x00\x00\x00\x00\x00\x00\x80"))
	empty := wire.AppendNotice(nil, 0x3FFFFFFF, nil)
	largest := wire.AppendNotice(nil, 78, make([]byte, 0xFFFC))
	second, third := identity(101), identity(201)
	another := func(id wire.Identity) []byte { return wire.AppendNotice(nil, wire.AnotherModel, id[:]) }
	changed := func(vectors int, id wire.Identity) Call {
		return Call{Vectors: vectors, Outcome: Scored, Identity: id}
	}
	return []Scenario{
		scenario("notice-unknown", "sends notices of an unknown type between answers", rounds(calls(2, 1, 1), calls(1)),
			welcomed(requests(3), together("answer 3 requests, each with a notice of type 77 behind it, in one write", 3, unknown))),
		scenario("notice-byte-by-byte", "sends a notice of an unknown type one byte at a time", rounds(calls(2, 1), calls(1)),
			welcomed(pieces(1), requests(2), answers(1), send("send a notice of type 77", unknown))),
		scenario("notice-empty", "sends a notice of an unknown type without a payload", rounds(calls(2), calls(1)),
			welcomed(requests(1), send("send a notice of type 0x3FFFFFFF", empty))),
		scenario("notice-largest", "sends the largest notice", rounds(calls(2), calls(1)), welcomed(requests(1), send("send the largest notice", largest))),
		scenario("notice-when-idle", "sends a notice before any request", rounds(calls(2)), welcomed(send("send a notice of type 77", unknown))),
		scenario("another-model", "changes the model twice, and says so before the first answer of each",
			[][]Call{{changed(1, served.Identity)}, {changed(2, second)}, {changed(1, third)}},
			welcomed(requests(1), answers(1), requests(1), send("say that the model has changed", another(second)), answers(1),
				requests(1), send("say that the model has changed", another(third)), answers(1))),
	}
}

// departures are servers that go away. The client sends nothing new on the connection and
// half-closes it.
func departures() []Scenario {
	return []Scenario{
		scenario("going-away", "says within the first round that it goes away, and answers all that came", rounds(calls(1, 2, 3), calls(1, 1)),
			welcomed(requests(3), answers(1), goingAway, answers(2), awaitFIN)),
		scenario("going-away-answers-after-fin", "goes away, and answers when the client has half-closed", rounds(calls(1, 2, 3), calls(1)),
			welcomed(requests(3), answers(1), goingAway, awaitFIN)),
		scenario("going-away-unanswered", "goes away, and leaves two requests of three unanswered", rounds(append(calls(1), may(calls(2, 3), Lost)...), calls(1)),
			welcomed(requests(3), answers(1), goingAway, awaitFIN, fin)),
		scenario("going-away-byte-by-byte", "goes away, and sends everything one byte at a time", rounds(calls(1, 2, 3), calls(1)),
			welcomed(requests(3), pieces(1), answers(1), goingAway, answers(2), awaitFIN)),
		scenario("going-away-with-welcome", "goes away in the write of the welcome", rounds(may(calls(2), Lost), calls(1)),
			[]Step{hello, goAway("send the welcome and the notice going away in one write", (*Scenario).welcome), awaitFIN}),
		scenario("going-away-when-idle", "goes away between two rounds", rounds(calls(2), may(calls(1), Lost), calls(1)),
			welcomed(requests(1), answers(1), goingAway, awaitFIN)),
		scenario("going-away-then-failure", "goes away and fails a request afterwards", rounds(append(calls(1), failed(2, wire.ModelError, 1)), calls(1)),
			welcomed(requests(2), goingAway, answers(2), awaitFIN)),
		scenario("going-away-then-reset", "goes away and resets the connection", rounds(lost(2), calls(1)),
			welcomed(requests(1), goingAway, awaitFIN, reset)),
	}
}

// violations are bytes that break the protocol. The client gives the connection up, and no
// call gets scores that are not its own.
func violations() []Scenario {
	answer := func(count uint32, scores int) []byte {
		b := binary.LittleEndian.AppendUint32(nil, count)
		return append(b, make([]byte, 4*scores)...)
	}
	wrong := func(name, says string, b []byte) Scenario {
		return scenario(name, says, rounds(calls(1), lost(2, 1), calls(1)), welcomed(requests(1), answers(1), requests(2), violate(says, b)))
	}
	words := func(words ...uint32) (b []byte) {
		for _, w := range words {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
		return b
	}
	return []Scenario{
		wrong("answer-too-small", "sends an answer of fewer scores than rows", answer(1, 1)),
		wrong("answer-too-large", "sends an answer of more scores than rows", answer(3, 3)),
		wrong("answer-of-none", "sends an answer of no scores", answer(0, 0)),
		wrong("answer-above-limit", "sends an answer above max_vectors", answer(9, 9)),
		wrong("answer-with-a-welcome", "sends a second welcome in place of an answer", wire.AppendWelcome(nil, served)),
		wrong("notice-of-odd-size", "sends a notice whose size is no multiple of 4", append(words(0xC000004D, 6), make([]byte, 6)...)),
		wrong("notice-too-large", "sends a notice that is too large", words(0xC000004D, 0x10000)),
		wrong("going-away-with-payload", "sends the notice going away with a payload", words(0xC0000001, 4, 0)),
		wrong("identity-too-short", "sends the notice another model with 16 bytes", append(words(0xC0000002, 16), make([]byte, 16)...)),
		scenario("answer-to-nobody", "sends an answer twice", rounds(calls(2), may(calls(2), Lost)),
			welcomed(requests(1), together("answer 1 request, with an answer to nobody behind it, in one write", 1, answer(2, 2)), silenceAfterViolation)),
		scenario("failure-to-nobody", "sends a failed request that nobody has sent", rounds(calls(2), may(calls(2), Lost)),
			welcomed(requests(1), together("answer 1 request, with a failure to nobody behind it, in one write", 1, wire.AppendFailure(nil, wire.ModelError, 0)), silenceAfterViolation)),
		scenario("answer-too-large-v1", "sends an answer of more scores than rows, in version 1", rounds(lost(2), calls(1)),
			[]Step{requests(1), violate("send an answer of 3 scores", answer(3, 3))}).old(),
		scenario("failure-in-version-1", "sends a failed request of version 2 in version 1", rounds(lost(2), calls(1)),
			[]Step{requests(1), violate("send a failed request", wire.AppendFailure(nil, wire.ModelError, 0))}).old(),
	}
}

// silenceAfterViolation follows bytes that broke the protocol.
var silenceAfterViolation = Step{"say nothing until the client closes", func(p *peer) error {
	return p.drop("after bytes that break the protocol")
}}
