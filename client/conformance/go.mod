module github.com/disrust/disrust/client/conformance

go 1.26.0

require (
	github.com/disrust/disrust/client v0.1.0
	github.com/disrust/disrust/client/tools v0.1.0
	github.com/disrust/disrust/wire v0.1.0
	pgregory.net/rapid v1.3.0
)

require github.com/agnivade/levenshtein v1.2.1 // indirect

replace (
	github.com/disrust/disrust/client => ..
	github.com/disrust/disrust/client/tools => ../tools
	github.com/disrust/disrust/wire => ../../wire
)
