//go:build linux

package reload

import "time"

// Verdict says how a reload or a rollback ended.
type Verdict struct {
	Outcome    string    `json:"outcome"`           // Swapped, Same or Refused; empty: there was none yet
	Reason     string    `json:"reason"`            // why it was refused
	Model      string    `json:"model"`             // the model's name
	Identity   string    `json:"identity"`          // of the model that was loaded or gone back to, in hexadecimal digits; empty: none was read
	Previous   string    `json:"previous_identity"` // of the model that was served before; it is still served unless the outcome is Swapped
	Format     string    `json:"format"`            // of the file
	Started    time.Time `json:"started"`
	Seconds    float64   `json:"seconds"`     // that it took
	GoldenRows int       `json:"golden_rows"` // rows of golden vectors that came out; 0: there are none
}

// Outcomes of a Verdict.
const (
	Swapped = "swapped" // another model is served
	Same    = "same"    // the file holds the model that is served
	Refused = "refused" // the model that was served is served
)
