module github.com/disrust/disrust/uring/oracle

go 1.26.0

require (
	github.com/disrust/disrust/uring v0.1.0
	github.com/pawelgaczynski/giouring v0.0.0-20230826085535-69588b89acb9
	golang.org/x/sys v0.49.0
	pgregory.net/rapid v1.3.0
)

replace github.com/disrust/disrust/uring => ..
