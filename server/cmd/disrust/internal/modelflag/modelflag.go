// Package modelflag holds the flags that say what a model from a file answers, the way from the
// value of --model to a file, and the loader of all formats. The daemon and the commands that work
// on a file share it.
package modelflag

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/cbm"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/batcher/onnx"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/wire"
)

// Flags returns the flags that set o.
func Flags(o *forest.Options) flags.List {
	return flags.List{
		flags.New("output", flags.Choice(&o.Output, "prob",
			flags.Option[wire.Kind]{Name: "raw", Value: wire.Raw},
			flags.Option[wire.Kind]{Name: "prob", Value: wire.Prob},
			flags.Option[wire.Kind]{Name: "class", Value: wire.Class}),
			"what a model from a file answers: the margin, what the library's usual call gives, or the index of the class"),
		flags.New("iterations", iterations(&o.Iterations),
			"how many of the file's iterations count; best: up to the best one, if the file names it"),
		flags.New("kernel", flags.Choice(&o.Kernel, "auto", kernels()...),
			"the instructions that a model from a file is scored with, which change no bit; auto: the best of this processor"),
	}
}

// Load reads the model in a file of any format.
func Load(file string, o forest.Options) (*forest.Model, error) {
	return forest.LoadWith(file, o, formats...)
}

// Read returns the content of a model's file, for Parse.
func Read(file string) ([]byte, error) { return forest.Read(file, formats...) }

// Parse reads a model of any format from the bytes of a file.
func Parse(data []byte, o forest.Options) (*forest.Model, error) {
	return forest.ParseWith(data, o, formats...)
}

// Resolve returns the file that a path leads to through symbolic links. A path that leads nowhere stays as it
// is, for the error that names it.
func Resolve(path string) string {
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file
	}
	return path
}

// formats are those that package forest does not know by itself.
var formats = []forest.Loader{onnx.Loader, cbm.Loader}

func kernels() (all []flags.Option[kernel.Kind]) {
	for k := kernel.Auto; k <= kernel.AVX512; k++ {
		all = append(all, flags.Option[kernel.Kind]{Name: k.String(), Value: k})
	}
	return all
}

// maxIterations bounds --iterations. No file has as many.
const maxIterations = 1 << 30

func iterations(to *int) flags.Value {
	words := map[string]int{"all": forest.AllIterations, "best": forest.BestIteration}
	return flags.Custom(to, "all|best|N", "all, best or a whole number from 1 to "+strconv.Itoa(maxIterations), func(s string) (int, error) {
		if n, isWord := words[s]; isWord {
			return n, nil
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxIterations {
			return 0, flags.ErrNotAllowed
		}
		return n, nil
	}, func(n int) string {
		for word, value := range words {
			if n == value {
				return word
			}
		}
		return strconv.Itoa(n)
	})
}

// Split returns the name and the file that NAME=FILE or FILE says. Without a name it is the file's,
// without its extension. A name holds no separator of folders: ./a=b/m.txt is a file.
func Split(value string) (name, file string) {
	name, file, named := strings.Cut(value, "=")
	if named && name != "" && !strings.ContainsAny(name, `/\`) {
		return name, file
	}
	return Name(value), value
}

// Name returns the name of a file's model: the file's, without its extension.
func Name(file string) string {
	base := filepath.Base(file)
	if name := strings.TrimSuffix(base, filepath.Ext(base)); name != "" {
		return name
	}
	return base
}
