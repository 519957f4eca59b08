//go:build !linux

package result

// readKernel does nothing: on this system only what Go itself knows is known.
func (m *Machine) readKernel() {}
