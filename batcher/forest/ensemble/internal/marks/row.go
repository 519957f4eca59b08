package marks

// Row is what a single row is scored with: the rank of each of its columns.
type Row struct {
	ranks []byte
	twin  bool
}

// NewRow returns a row for programs of so many columns. A twin does without AVX2.
func NewRow(columns int, twin bool) *Row {
	if !twin && !AVX2 {
		panic("marks: this processor has no AVX2")
	}
	return &Row{make([]byte, max(1, columns)), twin}
}

// Set sets the rank in a column.
func (r *Row) Set(column int, rank uint8) { r.ranks[column] = rank }

// Ranking ranks the features of single rows. Each of its splits knows the place of its feature in the
// row, not in a tile.
type Ranking struct {
	splits          []Splits
	feature, column int // the last ones
}

// Add adds the splits of a column, which look at a feature of the row.
func (k *Ranking) Add(feature int, s Splits) {
	k.feature, k.column = max(k.feature, feature), max(k.column, int(s.column/columnBytes))
	s.feature = uint32(feature * rowBytes)
	k.splits = append(k.splits, s)
}

// rankedTogether is how many columns are ranked in one go, which takes some 2 us.
const rankedTogether = 512

// Rank makes the ranks of a row.
func (r *Row) Rank(row []float32, k *Ranking) {
	_, _ = row[k.feature], r.ranks[k.column]
	for first := 0; first < len(k.splits); first += rankedTogether {
		splits := k.splits[first:min(first+rankedTogether, len(k.splits))]
		if !r.twin {
			rankRow(&r.ranks[0], &row[0], &splits[0].table, len(splits))
			continue
		}
		for i := range splits {
			s := &splits[i]
			r.ranks[s.column/columnBytes] = s.rank(row[s.feature/rowBytes])
		}
	}
}

// Bytes returns the size of the ranking, without the tables that the splits refer to.
func (k *Ranking) Bytes() int {
	if k == nil {
		return 0
	}
	return bytes(k.splits)
}
