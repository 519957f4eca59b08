// Package cbm loads CatBoost's own binary files, .cbm, with the bits that CatBoost answers.
//
// [Loader] makes package forest load them as well. What the file has beyond trees of numbers is
// refused with its name.
package cbm
