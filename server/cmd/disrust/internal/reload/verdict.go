//go:build linux

package reload

import "github.com/disrust/disrust/server/admin"

// Verdict says how a reload or a rollback ended, as the admin port shows it.
type Verdict = admin.Verdict

// Outcomes of a Verdict.
const (
	Swapped = admin.Swapped // another model is served
	Same    = admin.Same    // the file holds the model that is served
	Refused = admin.Refused // the model that was served is served
)
