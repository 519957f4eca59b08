package conformance_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/conformance"
	"github.com/disrust/disrust/client/tools/readme"
)

// TestReadme: the README has the scenarios, the checks and a transcript as the code has them.
func TestReadme(t *testing.T) {
	readme.Check(t, "README.md", "scenarios", scenarioTable())
	readme.Check(t, "README.md", "checks", checkTable())
	readme.Check(t, "README.md", "transcript", transcript(t))
}

func scenarioTable() string {
	var b strings.Builder
	b.WriteString("| scenario | version | the server | outcomes, round by round |\n|---|---|---|---|\n")
	for _, s := range conformance.Scenarios() {
		var rounds []string
		for _, calls := range s.Rounds {
			var outcomes []string
			for _, c := range calls {
				outcomes = append(outcomes, inWords(c))
			}
			rounds = append(rounds, strings.Join(outcomes, ", "))
		}
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", s.Name, s.Version, s.Says, strings.Join(rounds, "; "))
	}
	return b.String()
}

// inWords returns the outcomes that c may have.
func inWords(c conformance.Call) string {
	text := c.Outcome
	switch {
	case c.Outcome == conformance.Refused:
		text += fmt.Sprintf(" %d", c.Status)
	case c.Outcome == conformance.Failed && c.Row == conformance.UnknownRow:
		text += fmt.Sprintf(" %d", c.Code)
	case c.Outcome == conformance.Failed:
		text += fmt.Sprintf(" %d row %d", c.Code, c.Row)
	}
	return strings.Join(append([]string{text}, c.May...), " or ")
}

func checkTable() string {
	var b strings.Builder
	b.WriteString("| check | what must hold |\n|---|---|\n")
	for _, c := range conformance.Checks() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c.Name, c.Says)
	}
	return b.String()
}

// transcript returns what goes over a control connection if a right client goes through a
// scenario. The port is the only thing that differs each time.
func transcript(t *testing.T) string {
	c := dialControl(t, listen(t, patience))
	var b strings.Builder
	b.WriteString("```text\n")
	exchange := func(command string, v any) {
		c.ask(command, v)
		fmt.Fprintf(&b, "> %s\n< %s\n", command, marshal(t, v))
	}
	var refusal struct {
		Error string `json:"error"`
	}
	exchange("result", &refusal)
	var task conformance.Task
	c.ask("script failure-no-row", &task)
	(reference{t: t}).run(task)
	task.Addr = "127.0.0.1:40123"
	fmt.Fprintf(&b, "> script failure-no-row\n< %s\n", marshal(t, task))
	exchange("result", new(conformance.Result))
	b.WriteString("```\n")
	return b.String()
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
