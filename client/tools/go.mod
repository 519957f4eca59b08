module github.com/disrust/disrust/client/tools

go 1.26.0
