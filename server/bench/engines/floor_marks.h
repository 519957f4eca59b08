// Marks of the leaves, for floor.c, which includes this once for each kind: ELEMENT holds the marks of one row for the
// leaves of a unit, LANES rows lie side by side in a vector, and IN(name) is the kind's own name for a thing.

typedef ELEMENT IN(v) __attribute__((vector_size(sizeof(ELEMENT) * LANES)));
typedef struct { uint32_t column; ELEMENT rank, keep; } IN(entry);
typedef struct { IN(entry) *entries; int count, place; } IN(unit);
enum { IN(bits) = 8 * sizeof(ELEMENT), IN(units) = MOST / IN(bits) };
static IN(unit) *IN(unit_of); // IN(used) of them for each tree, then sorted by count in each part
static int IN(used);
static IN(v) *IN(column); // [block * COLUMNS + column]
static int IN(shorter)(const void *a, const void *b) {
	return ((const IN(unit) *)a)->count - ((const IN(unit) *)b)->count;
}
static void IN(clear)(int tree, int low, int high, int column, int rank) {
	for (int u = low / IN(bits); u * IN(bits) < high; u++) {
		IN(unit) *unit = IN(unit_of) + tree * IN(used) + u;
		ELEMENT keep = 0;
		for (int b = 0; b < IN(bits); b++)
			if (u * IN(bits) + b < low || u * IN(bits) + b >= high) keep |= (ELEMENT)1 << b;
		unit->entries = realloc(unit->entries, (unit->count + 1) * sizeof *unit->entries);
		unit->entries[unit->count++] = (IN(entry)){column, rank, keep};
	}
}
static void IN(arrange)(void) { // so that the processor predicts how many entries a unit has
	for (int i = 0; i < trees * IN(used); i++) IN(unit_of)[i].place = i % (PART * IN(used));
	for (int i = 0; i < trees; i += PART)
		qsort(IN(unit_of) + i * IN(used), (trees - i < PART ? trees - i : PART) * IN(used),
		      sizeof *IN(unit_of), IN(shorter));
	IN(column) = mem(sizeof(IN(v)) * COLUMNS * ROWS / LANES);
	for (int i = 0; i < ROWS; i++)
		for (int c = 0; c < COLUMNS; c++)
			IN(column)[i / LANES * COLUMNS + c][i % LANES] = row[i * COLUMNS + c];
}

// clear makes the marks of n trees.
static void IN(clear_all)(const IN(v) *column, int part, int n, IN(v) *marks) {
	const IN(unit) *unit = IN(unit_of) + part * IN(used), *end = unit + n * IN(used);
	for (; unit < end; unit++) {
		IN(v) left = (IN(v)){} - 1;
		for (const IN(entry) *e = unit->entries, *z = e + unit->count; e < z; e++)
			left &= (IN(v))(column[e->column] < e->rank) | e->keep;
		marks[unit->place] = left;
	}
}

// lowest finds the leaves of a tree.
static IN(v) IN(lowest)(const IN(v) *marks) {
	IN(v) leaf = {};
	for (int u = IN(used) - 1; u >= 0; u--) {
		IN(v) left = marks[u], lowest = left & -left;
		IN(v) at = (IN(v)){} + (ELEMENT)(u * IN(bits)), any = (IN(v))(left != 0);
		for (int k = 1; k < IN(bits); k *= 2) // the places whose number has the bit k
			at += (IN(v))((lowest & (ELEMENT)(0xffffffffu / ((1u << k) + 1) << k)) != 0) & (ELEMENT)k;
		leaf = (at & any) | (leaf & ~any);
	}
	return leaf;
}

// add adds the leaves of n trees to the sums of eight rows, which are in registers.
static void IN(add)(const IN(v) *leaf, int part, int n, int r, double *sum) {
	double s[8];
	memcpy(s, sum + r, sizeof s);
	for (int t = 0; t < n; t++) {
		const ELEMENT *at = (const ELEMENT *)(leaf + t) + r;
		const double *v = value + (part + t) * MOST;
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++) s[i] += v[at[i]];
	}
	memcpy(sum + r, s, sizeof s);
}

static void IN(score)(int first, double *sum) {
	static IN(v) marks[PART * IN(units)], leaf[PART];
	memset(sum, 0, LANES * sizeof *sum);
	for (int part = 0; part < trees; part += PART) {
		int n = trees - part < PART ? trees - part : PART;
		IN(clear_all)(IN(column) + first / LANES * COLUMNS, part, n, marks);
		for (int t = 0; t < n; t++) leaf[t] = IN(lowest)(marks + t * IN(used));
		for (int r = 0; r < LANES; r += 8) IN(add)(leaf, part, n, r, sum);
	}
}
