// What one core can do with the trees of a model, if nothing else has to be done: floor TREES LEAVES
//
//   gcc -O3 -march=native floor.c -o floor
//
// It draws trees and rows. A feature is a byte from the start, as if somebody else had ranked it among the splits.
// There are no missing values, no categories, and no file of a model. It is plain C: what gcc makes of it is no lower
// bound, but an engine for real models that comes near it pays little for the rest. It answers the lines of worker.py.
//
// One row is walked down eight trees at once, so that the processor waits for eight loads and not for one. For eight
// rows and more, each row has a mark for each leaf. A node clears the marks on its side that a row does not take, for
// all rows at once, and the lowest mark that is left is the leaf.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FEATURES = 128, COLUMNS = 2 * FEATURES, ROWS = 4096, MOST = 64, PART = 32 };

typedef struct { int column, rank, kid[2]; } node; // a row whose column is at least the rank goes to kid[0]; a leaf stays
static node *nodes;
static int trees, leaves, *root, *depth;
static double *value, sums[1024]; // value[tree * MOST + leaf]
static uint8_t *row;              // row[i * COLUMNS + column]: the second half are the complements of the first

static void *mem(size_t size) {
	void *p = aligned_alloc(64, (size + 63) / 64 * 64);
	if (!p) abort();
	return memset(p, 0, size);
}

#ifdef __AVX512BW__
enum { WIDE = 64 };
#else
enum { WIDE = 32 };
#endif

#define ELEMENT uint8_t
#define LANES WIDE
#define IN(name) bytes_##name
#include "floor_marks.h"

#undef ELEMENT
#undef LANES
#undef IN
#define ELEMENT uint32_t
#define LANES 8
#define IN(name) words_##name
#include "floor_marks.h"

// --- a walk ----------------------------------------------------------------------------------------------------------
static void walk(int first, double *sum) {
	const uint8_t *x = row + first * COLUMNS;
	double s = 0;
	for (int t = 0; t < trees; t += 8) {
		int at[8], n = trees - t < 8 ? trees - t : 8, most = 0;
		for (int i = 0; i < 8; i++) at[i] = root[i < n ? t + i : t];
		for (int i = 0; i < n; i++) most = depth[t + i] > most ? depth[t + i] : most;
		for (int d = 0; d < most; d++)
#pragma GCC unroll 8
			for (int i = 0; i < 8; i++) at[i] = nodes[at[i]].kid[x[nodes[at[i]].column] < nodes[at[i]].rank];
		for (int i = 0; i < n; i++) s += value[(t + i) * MOST + nodes[at[i]].rank];
	}
	*sum = s;
}

// --- trees that are drawn --------------------------------------------------------------------------------------------
static int made, numbered;

// grow makes a tree with count leaves and returns its root. Trees with 64 leaves are complete.
static int grow(int tree, int count, int above) {
	int at = made++, low = numbered;
	if (above > depth[tree]) depth[tree] = above;
	if (count == 1) {
		nodes[at] = (node){.rank = numbered, .kid = {at, at}};
		value[tree * MOST + numbered++] = rand() / (double)RAND_MAX - 0.5;
		return at;
	}
	int smaller = leaves == MOST ? count / 2 : 1 + rand() % (count / 2);
	// The smaller side gets the lower leaves. A row that is not below the rank goes to the other side and clears them.
	int column = rand() % COLUMNS, rank = 1 + rand() % 255;
	int below = grow(tree, smaller, above + 1);
	bytes_clear(tree, low, numbered, column, rank);
	words_clear(tree, low, numbered, column, rank);
	int other = grow(tree, count - smaller, above + 1);
	nodes[at] = (node){column, rank, {other, below}};
	return at;
}

static void draw(void) {
	nodes = mem(sizeof *nodes * 2 * MOST * trees);
	value = mem(sizeof *value * MOST * trees);
	root = mem(sizeof *root * trees);
	depth = mem(sizeof *depth * trees);
	row = mem(ROWS * COLUMNS);
	bytes_used = (leaves - 1) / bytes_bits + 1;
	bytes_unit_of = mem(sizeof *bytes_unit_of * bytes_used * trees);
	words_used = (leaves - 1) / words_bits + 1;
	words_unit_of = mem(sizeof *words_unit_of * words_used * trees);
	for (int i = 0; i < ROWS; i++)
		for (int f = 0; f < FEATURES; f++) {
			row[i * COLUMNS + f] = rand() >> 8;
			row[i * COLUMNS + FEATURES + f] = ~row[i * COLUMNS + f];
		}
	for (int t = 0; t < trees; t++) numbered = 0, root[t] = grow(t, leaves, 0);
	bytes_arrange();
	words_arrange();
}

// score takes the way that fits the number of rows.
static void score(int first, int size) {
	int step = size == 1 ? 1 : size < 64 ? 8 : WIDE;
	for (int i = 0; i < size; i += step) (step == 1 ? walk : step == 8 ? words_score : bytes_score)(first + i, sums + i);
}

static int same(void) {
	double want[64];
	for (int i = 0; i < 64; i++) walk(i, want + i);
	for (int size = 8; size <= 64; size *= 8) {
		score(0, size);
		if (memcmp(sums, want, size * sizeof *sums)) return 0;
	}
	return 1;
}

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int count, char **arguments) {
	if (count != 3 || (trees = atoi(arguments[1])) < 1 || (leaves = atoi(arguments[2])) < 2 || leaves > MOST)
		return fprintf(stderr, "usage: floor TREES LEAVES, at most %d leaves\n", MOST), 2;
	draw();
	puts(same() ? "ready C: a walk, for more rows marks; drawn trees, ranked rows" : "missing its kernels do not agree");
	fflush(stdout);
	int size, first = 0;
	double seconds;
	while (scanf(" time %d %lf", &size, &seconds) == 2) {
		if (size != 1 && size != 8 && (size % 64 || size > 1024)) return 2;
		double began = now(), took;
		long rows = 0;
		do {
			for (int i = 0; i < 64; i += size, rows += size, first = (first + size) % ROWS) score(first / size * size, size);
		} while ((took = now() - began) < seconds);
		printf("ok %.6f\n", took / rows * 1e6);
		fflush(stdout);
	}
}
