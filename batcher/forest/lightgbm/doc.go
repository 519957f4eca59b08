// Package lightgbm loads LightGBM's text models, as Booster.save_model and model_to_string
// write them: versions v2 to v4, of LightGBM 2 to 4.
//
// It reads the file in one pass and keeps none of it. Whatever in the file would be a guess is
// refused with a sentence that says what and where: an unknown objective or key, a list of the
// wrong length, a child that does not exist or has two parents. Lists that only describe the
// training, such as leaf_count, are not looked at.
package lightgbm
