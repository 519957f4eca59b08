// Package catboost loads what CatBoost saves as JSON, and answers with the bits of the model that
// was trained.
//
// A decimal of the file becomes the nearest float64. CatBoost's own reader of JSON does not round
// so: what it answers differs in the last bit of a float64 now and then.
package catboost
