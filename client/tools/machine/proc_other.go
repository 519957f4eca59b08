//go:build !linux

package machine

// readKernel adds nothing: the Go runtime's facts are all there is.
func (m *Machine) readKernel() {}
