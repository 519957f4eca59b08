//go:build linux

// Package waiting decides how a thread waits for work: whether it polls, for how long, and
// when it sleeps.
//
// A [Waiter] serves one thread and one kind of work. It remembers how long the thread waited
// recently (type gaps). From this, type polling decides how long the thread may poll in its
// next wait before it sleeps on an eventfd.
package waiting
