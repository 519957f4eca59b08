package page

// Table is a table whose first columns are the names of its rows.
type Table struct {
	Title, Text string
	Head        []string
	Names       int  // leading columns that are names; they are set to the left
	Words       bool // all other columns are words, set to the left; else numbers, set to the right
	Rows        []Row
	Notes       []string // below the table
}

// Row is a row of a table.
type Row struct {
	Cells []Cell
	Rule  bool // a line above sets the row apart from those before
}

// Cell is a cell of a table.
type Cell struct {
	Text    string
	Range   string // stands small below Text
	Warning bool
	Span    int // columns that the cell takes; 0 is 1
}

// NewRow returns a row of plain texts.
func NewRow(texts ...string) Row {
	r := Row{Cells: make([]Cell, len(texts))}
	for i, text := range texts {
		r.Cells[i].Text = text
	}
	return r
}

// Dense says whether the columns are so many that they need small type.
func (t *Table) Dense() bool { return len(t.Head) > 10 }
