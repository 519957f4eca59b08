// What the C servers score with, one scorer a thread: the sum of a row's features or, compiled
// with -DLIGHTGBM, a model in LightGBM's C API.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  DIM = 128,
  MAX_ROWS = 64,
  ROW_BYTES = DIM * 4,
  MAX_REQUEST = 4 + MAX_ROWS * ROW_BYTES,
};

static void die(const char *what) {
  perror(what);
  exit(1);
}

#ifdef LIGHTGBM

// What c_api.h of LightGBM 4 declares, of which the Python package has only the library.
int LGBM_BoosterCreateFromModelfile(const char *file, int *iterations, void **booster);
int LGBM_BoosterPredictForMatSingleRowFastInit(void *booster, int predict, int first, int count, int type, int32_t columns,
                                               const char *parameters, void **fast);
int LGBM_BoosterPredictForMatSingleRowFast(void *fast, const void *row, int64_t *length, double *score);

typedef struct {
  void *fast;
} scorer;

// A booster for each thread: calls on one booster wait for each other.
static void scorer_open(scorer *s, const char *file) {
  enum { NORMAL = 0, ALL = -1, FLOAT32 = 0 };
  void *booster;
  int iterations;
  if (LGBM_BoosterCreateFromModelfile(file, &iterations, &booster) ||
      LGBM_BoosterPredictForMatSingleRowFastInit(booster, NORMAL, 0, ALL, FLOAT32, DIM, "num_threads=1", &s->fast)) {
    fprintf(stderr, "LightGBM cannot load %s\n", file);
    exit(1);
  }
}

// The call for one row also suits many: a call for a batch takes as long a row.
static float scorer_row(scorer *s, const float *row) {
  int64_t length;
  double score = 0;
  LGBM_BoosterPredictForMatSingleRowFast(s->fast, row, &length, &score);
  return (float)score;
}

#else

typedef struct {
  int none;
} scorer;

static void scorer_open(scorer *s, const char *file) {
  (void)s;
  if (strcmp(file, "sum")) {
    fprintf(stderr, "%s: this program knows only the model sum\n", file);
    exit(1);
  }
}

// Four vectors of sums in turn, so that no addition waits for the one before. The rows hold whole numbers, whose
// sum is exact in any order.
static float scorer_row(scorer *s, const float *row) {
  typedef float lanes __attribute__((vector_size(32)));
  enum { LANES = 8, TURNS = 4 };
  (void)s;
  lanes part[TURNS] = {0}, v;
  for (int i = 0; i < DIM; i += TURNS * LANES) {
    for (int k = 0; k < TURNS; k++) {
      memcpy(&v, row + i + k * LANES, sizeof v);
      part[k] += v;
    }
  }
  v = (part[0] + part[1]) + (part[2] + part[3]);
  float all = 0;
  for (int i = 0; i < LANES; i++) all += v[i];
  return all;
}

#endif

// Scores rows that lie anywhere, such as behind a header, into out, which may lie anywhere too.
static void scorer_rows(scorer *s, const char *rows, uint32_t count, char *out) {
  for (uint32_t i = 0; i < count; i++) {
    float row[DIM];
    memcpy(row, rows + (size_t)i * ROW_BYTES, ROW_BYTES);
    float score = scorer_row(s, row);
    memcpy(out + (size_t)i * 4, &score, 4);
  }
}
