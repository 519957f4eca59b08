module github.com/disrust/disrust/client/tools

go 1.26.0

require (
	github.com/agnivade/levenshtein v1.2.1
	pgregory.net/rapid v1.3.0
)