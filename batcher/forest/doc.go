// Package forest scores with models that LightGBM, XGBoost and CatBoost trained, from the files
// that these libraries write, with the bits that they give.
//
// [Load] recognises the format by what is in the file. A file that it does not know, or that
// says something which it does not know, is refused with a sentence. It never guesses.
//
// # Contract
//
//   - Raw scores have the bits of the training library's, rounded to float32.
//   - The scores of a row depend on the row alone.
//   - A [Model] does not change. Any number of goroutines may share it.
//   - A file is hostile input. Loading it takes memory of a small multiple of its size.
//
// The loaders are packages of their own, [github.com/disrust/disrust/batcher/forest/lightgbm],
// [github.com/disrust/disrust/batcher/forest/xgboost] and
// [github.com/disrust/disrust/batcher/forest/catboost]. They build models with
// [github.com/disrust/disrust/batcher/forest/ensemble], the engine.
package forest
