// Package xgboost loads models that XGBoost saved as JSON or UBJSON, and gives them the bits
// that XGBoost gives.
//
// Trees (gbtree, dart) become a model of package ensemble, and linear models (gblinear) one of
// package dense. What a file means is the same in both formats. What is not understood is
// refused with the name of the field and its value.
package xgboost
