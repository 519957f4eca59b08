package conformance

import (
	"fmt"
	"time"

	"github.com/disrust/disrust/wire"
)

// deliveries are answers that arrive in odd pieces, or late.
func deliveries() []Scenario {
	in := func(name, says string, steps ...Step) Scenario {
		return scenario(name, says, rounds(calls(3, 1, 2), calls(2)), steps)
	}
	return []Scenario{
		in("welcome-byte-by-byte", "sends the welcome one byte at a time", hello, pieces(1), welcome, pieces(0)),
		in("answers-byte-by-byte", "sends the answers one byte at a time", hello, welcome, pieces(1)),
		in("answers-in-threes", "sends everything three bytes at a time", pieces(3), hello, welcome),
		in("answers-together", "sends three answers in one write", hello, welcome, requests(3), answers(3)),
		in("answers-late", "answers each round late", hello, welcome, requests(3), delay(100*time.Millisecond), answers(3), requests(1), delay(100*time.Millisecond), answers(1)),
		in("welcome-late", "welcomes late", hello, delay(100*time.Millisecond), welcome),
		scenario("answers-byte-by-byte-v1", "sends the answers one byte at a time, in version 1", rounds(calls(3, 1, 2)), []Step{pieces(1)}).old(),
	}
}

// refusals are welcomes of every status.
func refusals() (all []Scenario) {
	for _, c := range []struct {
		status   wire.Verdict
		what     string
		states   wire.Hello
		sentence string
	}{
		{wire.WrongVersion, "version", wire.Hello{}, "this server speaks no version of yours"},
		{wire.WrongDim, "dim", wire.Hello{Dim: 5}, "the client expects dim 5, the model has dim 4"},
		{wire.WrongOutputs, "outputs", wire.Hello{Outputs: 2}, "the client expects 2 scores per vector, the model gives 1"},
		{wire.TooManyVectors, "max-vectors", wire.Hello{MaxVectors: 9}, "the client sends up to 9 vectors per request, the server allows 8"},
		{wire.WrongModel, "model", wire.Hello{Model: "another"}, `the client expects the model "another", the server has "conformance"`},
		{wire.NotNow, "not-now", wire.Hello{}, "the server is going away"},
		{wire.WrongKind, "kind", wire.Hello{Kind: wire.Prob}, "the client expects scores of the kind prob, the model gives raw"},
		{wire.Malformed, "malformed", wire.Hello{}, "the hello does not hold its fields"},
		{99, "unknown", wire.Hello{}, "für Menschen: später ≠ jetzt"},
		{wire.NotNow, "without-sentence", wire.Hello{}, ""},
	} {
		s := scenario("refused-"+c.what, fmt.Sprintf("refuses the first connection with status %d", c.status), one(Refused), []Step{hello, refuse(c.status)})
		if c.status == wire.NotNow {
			s.Rounds[0][0].May = []string{Scored} // a later attempt may be welcome
		}
		s.Rounds[0][0].Status, s.States, s.Serves.Sentence = c.status, c.states, c.sentence
		all = append(all, s)
	}
	return all
}

// noWelcomes are connections that bring no welcome. The client may try again in version 2,
// and never falls back to version 1.
func noWelcomes() (all []Scenario) {
	add := func(name, says string, steps ...Step) {
		all = append(all, scenario(name, says, one(NoWelcome, Scored), steps))
	}
	whole := served.Format
	invalid := served
	invalid.Format.Dim = 0
	body := wire.AppendWelcome(nil, served)
	longName := append([]byte{}, body...)
	longName[wire.PreambleBytes+2*2+4*4+wire.IdentityBytes] = 255
	oddSize := append([]byte{}, body...)
	oddSize[6]--
	tooShort := append([]byte{}, body[:wire.PreambleBytes+8]...)
	tooShort[6] = 8
	flagged := append([]byte{}, body...)
	flagged[wire.PreambleBytes+2], flagged[wire.PreambleBytes+3] = 0xFF, 0xFF

	add("fin-before-hello", "sends FIN at once", fin)
	add("fin-before-welcome", "sends FIN in place of the welcome", hello, fin)
	add("reset-before-welcome", "resets the connection in place of the welcome", hello, reset)
	for _, n := range []int{1, 4, 7, wire.PreambleBytes, wire.PreambleBytes + 2, len(body) / 2, len(body) - 1} {
		add(fmt.Sprintf("fin-in-welcome-%d", n), "sends FIN after "+counted(n, "byte")+" of the welcome", hello, partWelcome(n), fin)
	}
	add("reset-in-welcome", "resets the connection within the welcome", hello, partWelcome(len(body)/2), reset)
	add("http-in-place-of-welcome", "answers like an HTTP server", hello, violate("send an HTTP answer", []byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")))
	add("answer-in-place-of-welcome", "sends an answer in place of the welcome", hello, violate("send an answer", wire.AppendResponse(nil, 2, make([]float32, 2*whole.Outputs))))
	add("welcome-without-dim", "sends a welcome with dim 0", hello, violate("send a welcome with dim 0", wire.AppendWelcome(nil, invalid)))
	add("welcome-with-long-name", "sends a welcome whose name is longer than its body", hello, violate("send a welcome whose name is too long", longName))
	add("welcome-of-odd-size", "sends a welcome whose size is no multiple of 4", hello, violate("send a welcome of an odd size", oddSize[:len(oddSize)-1]))
	add("welcome-too-short", "sends a welcome without all fields", hello, violate("send a welcome without all fields", tooShort))

	contrary := scenario("welcome-contrary", "welcomes a client that states another dim", one(NoWelcome, Refused), []Step{hello, violate("send a welcome of status 0", body)})
	contrary.States.Dim, contrary.Rounds[0][0].Status, contrary.Always = 5, wire.WrongDim, true
	old := scenario("version-1-server", "speaks version 1 only: a hello is a bad count", one(NoWelcome), []Step{oldServer})
	old.Always = true
	silent := scenario("silence-before-welcome", "never sends the welcome", one(NoWelcome), []Step{hello, silence})
	silent.Always, silent.ConnectMillis = true, 200
	return append(all, contrary, old, silent,
		scenario("welcome-longer", "sends a welcome with fields of a later version", rounds(calls(2, 1)), []Step{hello, longerWelcome(36)}),
		scenario("welcome-with-flags", "sends a welcome with flags of a later version", rounds(calls(2, 1)), []Step{hello, send("send a welcome with all flags", flagged)}),
		scenario("welcome-longest", "sends the longest welcome", rounds(calls(2, 1)), []Step{hello, longerWelcome(0xFFFC - (len(body) - wire.PreambleBytes))}))
}

// longerWelcome sends the welcome with a longer body.
func longerWelcome(more int) Step {
	b := wire.AppendWelcome(nil, served)
	for k := range more {
		b = append(b, byte(k)|1)
	}
	size := len(b) - wire.PreambleBytes
	b[6], b[7] = byte(size), byte(size>>8)
	return send(fmt.Sprintf("send a welcome with %d bytes more", more), b)
}

// answerBytes is the size of the answer to a call of two vectors.
var answerBytes = served.Format.ResponseBytes(2)

// ends are FINs of the server. A request that is not answered may be sent again after an end
// between two answers, and only then.
func ends() []Scenario {
	all := []Scenario{
		scenario("fin-after-welcome", "sends FIN after the welcome", one(Scored, Lost), welcomed(fin)),
		scenario("fin-when-idle", "sends FIN after the answer to the first round", rounds(calls(2), may(calls(1, 2), Lost)), welcomed(requests(1), answers(1), fin)),
		scenario("fin-between-answers", "answers one request of three, then sends FIN", rounds(append(calls(1), may(calls(2, 3), Lost)...)), welcomed(requests(3), answers(1), fin)),
		scenario("fin-in-place-of-answer", "sends FIN in place of the answers", rounds(calls(1), may(calls(2, 3), Lost)), welcomed(requests(1), answers(1), requests(2), fin)),
		scenario("fin-twice", "sends FIN in place of the answer on two connections", one(Scored, Lost), welcomed(requests(1), fin), welcomed(requests(1), fin)),
		scenario("fin-when-idle-v1", "sends FIN after the answer to the first round, in version 1", rounds(calls(2), may(calls(1), Lost)), []Step{requests(1), answers(1), fin}).old(),
		scenario("fin-between-answers-v1", "answers one request of three, then sends FIN, in version 1", rounds(append(calls(1), may(lost(2, 3), Scored)...), calls(1)), []Step{requests(3), answers(1), fin}).old(),
		scenario("fin-in-place-of-answer-v1", "sends FIN in place of the answer, in version 1", rounds(may(lost(2), Scored), calls(1)), []Step{requests(1), fin}).old(),
		scenario("fin-in-answer-v1", "sends FIN within an answer, in version 1", rounds(lost(2), calls(1)), []Step{requests(1), partAnswer(6), fin}).old(),
	}
	for _, n := range []int{1, 4, 7, answerBytes - 1} {
		all = append(all, scenario(fmt.Sprintf("fin-in-answer-%d", n), "sends FIN after "+counted(n, "byte")+" of an answer",
			rounds(calls(1), lost(2, 2), calls(1)), welcomed(requests(1), answers(1), requests(2), partAnswer(n), fin)))
	}
	return all
}

// resets are resets of the server. A request that was sent is lost.
func resets() []Scenario {
	return []Scenario{
		scenario("reset-in-place-of-answer", "resets the connection in place of the answer", rounds(lost(2), calls(1)), welcomed(requests(1), reset)),
		scenario("reset-between-answers", "answers the first round and resets the connection in the second", rounds(calls(1), lost(2, 3), calls(1)), welcomed(requests(1), answers(1), requests(2), reset)),
		scenario("reset-in-answer", "resets the connection within an answer", rounds(lost(2, 1), calls(1)), welcomed(requests(2), partAnswer(6), reset)),
		scenario("reset-in-place-of-answer-v1", "resets the connection in place of the answer, in version 1", rounds(lost(2), calls(1)), []Step{requests(1), reset}).old(),
	}
}

// silences are for the client's own timeouts.
func silences() []Scenario {
	timeout := Call{Vectors: 2, TimeoutMillis: 100, Outcome: TimedOut}
	return []Scenario{
		scenario("silence", "never answers", [][]Call{{timeout}}, welcomed(requests(1), silence)),
		scenario("silence-in-answer", "sends a part of an answer and then nothing", [][]Call{{timeout}}, welcomed(requests(1), partAnswer(5), silence)),
		scenario("answer-after-timeout", "answers the first call when the second has come", rounds([]Call{timeout}, calls(1)), welcomed(untilRound(1))),
	}
}
