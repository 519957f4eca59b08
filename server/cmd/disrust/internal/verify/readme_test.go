package verify

import (
	"os"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/wire"
)

// TestReadme: the page shows what the command writes about a model in which one split sends missing
// values to the other side, and the names that its JSON has.
func TestReadme(t *testing.T) {
	const page = "../../../../README.md"
	folder, model := golden(t, "lgb_binary")
	data := content(t, model)
	other := edit(t, string(data), "decision_type", 0, 0, func(string) string { return "10" })
	scores, outputs := scored(t, []byte(other), folder, wire.Raw)
	expect, rows := content(t, array(t, scores, outputs)), content(t, folder+"/rows.npy")
	t.Chdir(t.TempDir())
	for name, data := range map[string][]byte{"model.txt": data, "rows.npy": rows, "scores.npy": expect} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const line = "verify model.txt --rows rows.npy --expect scores.npy --output raw"
	text, _, status := run(t, strings.Fields(line)[1:]...)
	if status != 1 {
		t.Errorf("status %d", status)
	}
	for line := range strings.Lines(text) {
		if len(line) > 120 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
	t.Chdir(where)
	readme.Check(t, page, "sample of verify", "```text\n$ disrust "+line+"\n"+text+"```\n")
	readme.Check(t, page, "fields of verify", readme.Fields(result{}))
}

// where is the folder of the package, in which tests begin.
var where, _ = os.Getwd()
