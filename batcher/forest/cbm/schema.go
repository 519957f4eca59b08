package cbm

// The tables of model.fbs and features.fbs in CatBoost 1.2, of which older files have the first
// fields. Fields that nothing needs are left out: LeafWeights, RepackedBins, which says again what
// TreeSplits says, HasNans and UsedInModel.

// coreName is the outermost table.
const coreName = "TModelCore"

// TModelCore.
var (
	coreVersion = field{0, "FormatVersion"}
	coreTrees   = field{1, "ModelTrees"}
	coreInfo    = field{2, "InfoMap"}
	coreParts   = field{3, "ModelPartIds"}
)

// TKeyValue, of InfoMap.
var (
	infoKey   = field{0, "Key"}
	infoValue = field{1, "Value"}
)

// TModelTrees.
var (
	treesOutputs    = field{0, "ApproxDimension"}
	treesSplits     = field{1, "TreeSplits"}
	treesSizes      = field{2, "TreeSizes"}
	treesStarts     = field{3, "TreeStartOffsets"}
	treesCategories = field{4, "CatFeatures"}
	treesFeatures   = field{5, "FloatFeatures"}
	treesOneHot     = field{6, "OneHotFeatures"}
	treesCtrs       = field{7, "CtrFeatures"}
	treesValues     = field{8, "LeafValues"}
	treesSteps      = field{10, "NonSymmetricStepNodes"}
	treesLeaves     = field{11, "NonSymmetricNodeIdToLeafId"}
	treesTexts      = field{12, "TextFeatures"}
	treesEstimated  = field{13, "EstimatedFeatures"}
	treesScale      = field{14, "Scale"}
	treesBias       = field{15, "Bias"}
	treesBiases     = field{16, "MultiBias"}
	treesEmbeddings = field{18, "EmbeddingFeatures"}
)

// TFloatFeature.
var (
	featureIndex     = field{1, "Index"}
	featureFlat      = field{2, "FlatIndex"}
	featureBorders   = field{3, "Borders"}
	featureName      = field{4, "FeatureId"}
	featureTreatment = field{5, "NanValueTreatment"}
)

// otherName is the FeatureId of TCatFeature, TTextFeature and TEmbeddingFeature.
var otherName = field{2, "FeatureId"}
