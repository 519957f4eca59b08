package ensemble

import "github.com/disrust/disrust/batcher/kernel"

// Kernel says in a few words how rows are scored, by how many there are: for people.
func (m *Model) Kernel() string {
	if m.config.Kernel == kernel.Portable {
		return kernel.Portable.String()
	}
	return m.plan.describe(m.config.Kernel.String())
}
