//go:build linux

// Package waiting decides how a thread waits for work: whether it polls, for how long, and
// when it sleeps.
//
// A [Waiter] serves one thread and one kind of work. It measures how long the thread waited
// lately ([gaps]), and its polling decides from that how long the next wait may poll before
// the thread sleeps on an eventfd.
package waiting
