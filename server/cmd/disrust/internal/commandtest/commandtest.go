// Package commandtest runs commands on files of models, for their tests.
package commandtest

import (
	"bytes"
	"testing"

	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
)

// Models is the folder of the loaders, from the folder of a command. Their tests have models in
// Models/LOADER/testdata/CASE/model.EXTENSION.
const Models = "../../../../../batcher/forest"

// Run carries out a command and returns what it wrote, and its status.
func Run(t testing.TB, c *command.Command, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status = c.Run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), status
}
