package oip

import (
	"runtime/debug"

	"github.com/disrust/disrust/server"
)

const (
	serverName = "disrust"
	binaryData = "binary_tensor_data" // an extension that the HTTP port has
)

// version returns the version of the program's module.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// tensorShape returns the shape of a tensor of any number of rows.
func tensorShape(columns int) []int64 { return []int64{-1, int64(columns)} }

// tensorAbout says what a tensor is.
type tensorAbout struct {
	Name     string  `json:"name"`
	Datatype string  `json:"datatype"`
	Shape    []int64 `json:"shape"`
}

// modelAbout says what a model is.
type modelAbout struct {
	Name     string        `json:"name"`
	Versions []string      `json:"versions"`
	Platform string        `json:"platform"`
	Inputs   []tensorAbout `json:"inputs"`
	Outputs  []tensorAbout `json:"outputs"`
}

func aboutModel(m *server.Served) modelAbout {
	return modelAbout{
		Name: m.Name, Versions: []string{versionOf(m)}, Platform: serverName,
		Inputs:  []tensorAbout{{inputName, fp32, tensorShape(m.Format.Dim)}},
		Outputs: []tensorAbout{{outputName, fp32, tensorShape(m.Format.Outputs)}},
	}
}
