// Package onnx loads ONNX models of rows, with the bits that onnxruntime gives with one thread.
//
// [Load] takes the place of the function of package forest, and loads the files of that package as
// well. What is not understood is refused with the operator, its name and its place.
package onnx
