package score

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/disrust/disrust/client/tools/flags"
)

// headerMode is what the first line of CSV is.
type headerMode int

const (
	headerAuto  headerMode = iota
	headerNames            // the names of the columns
	headerSkip             // a header to skip: columns are in the model's order
	headerNone             // a row: columns are in the model's order
)

// columns says which feature each column is.
type columns struct {
	features []int    // -1: none
	names    []string // of the columns; nil if there is no header
	ignored  []string // names of columns that are no features
}

// read takes the first record of a file. names are the model's; nil if it has none. The result says
// whether the record is a header.
func (c *columns) read(record []string, mode headerMode, names []string, dim int) (isHeader bool, err error) {
	if names == nil {
		names = numbered("f", dim)
	}
	record = slices.Clone(record)
	for i := range record {
		record[i] = strings.TrimSpace(record[i])
	}
	if mode == headerAuto {
		if mode, err = guess(record, names); err != nil {
			return false, err
		}
	}
	if mode != headerNone {
		c.names = record
	}
	if mode == headerNames {
		return true, c.match(names)
	}
	if len(record) != dim {
		return false, fmt.Errorf("it has %d columns, and the model has %d features%s", len(record), dim, separatorHint(record))
	}
	c.features = make([]int, dim)
	for i := range c.features {
		c.features[i] = i
	}
	return mode == headerSkip, nil
}

// guess says what a first record is: names if a field is no number, otherwise a row. Numbers that are
// names as well are neither.
func guess(record, names []string) (headerMode, error) {
	has := make(map[string]bool, len(record))
	for _, field := range record {
		has[field] = true
	}
	named := !slices.ContainsFunc(names, func(name string) bool { return !has[name] })
	for _, field := range record {
		if _, err := number(field); err != nil {
			return headerNames, nil
		}
	}
	last := len(record) - 1
	switch {
	case named:
		return 0, fmt.Errorf("the first line may be a row, or a header of names that are numbers: say --header none or --header names")
	case last > 0 && record[0] == "" && slices.Equal(record[1:], numbered("", last)):
		return 0, fmt.Errorf("the first line looks like the header that pandas writes for columns without names, behind one for its index: " +
			"write the file with index=False, or say --header none if it is a row")
	case last > 0 && slices.Equal(record, numbered("", last+1)):
		return 0, fmt.Errorf("the numbers 0 to %d may be a row, or the header that pandas writes for columns without names: say --header none or --header skip", last)
	}
	return headerNone, nil
}

// numbered returns prefix0, prefix1 and so on.
func numbered(prefix string, count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = prefix + strconv.Itoa(i)
	}
	return names
}

// match finds the model's features in the header.
func (c *columns) match(names []string) error {
	place := make(map[string]int, len(names))
	for i, name := range names {
		if _, again := place[name]; again {
			return fmt.Errorf("the model has several features of the name %q, so names cannot choose columns; --header skip takes them in the model's order", name)
		}
		place[name] = i
	}
	for i, name := range names { // the header's names have no spaces around them
		if trimmed := strings.TrimSpace(name); trimmed != name {
			if _, taken := place[trimmed]; !taken {
				place[trimmed] = i
			}
		}
	}
	c.features = make([]int, len(c.names))
	found := make([]bool, len(names))
	for i, name := range c.names {
		at, known := feature(place, name)
		if !known {
			c.features[i] = -1
			c.ignored = append(c.ignored, name)
			continue
		}
		if found[at] {
			return fmt.Errorf("the header has several columns for the feature %q", names[at])
		}
		found[at], c.features[i] = true, at
	}
	var missing []string
	for i, name := range names {
		if !found[i] {
			missing = append(missing, name)
		}
	}
	return c.lacks(missing, len(names))
}

// feature returns the place of a feature. LightGBM saves a name with its spaces as underscores.
func feature(place map[string]int, name string) (at int, known bool) {
	if at, known = place[name]; !known {
		at, known = place[strings.ReplaceAll(name, " ", "_")]
	}
	return at, known
}

// lacks is the error of a header without some of the model's features.
func (c *columns) lacks(missing []string, features int) error {
	if len(missing) == 0 {
		return nil
	}
	text := "the header has no column for " + plural(len(missing), "the feature", "the features") + " " + listed(missing)
	if near := flags.Nearest(missing[0], c.ignored); near != "" {
		text += fmt.Sprintf("; is the column %.60q meant for %.60q?", near, missing[0])
	}
	if len(missing) == features && len(c.names) == features {
		text += "; --header skip takes the columns in the model's order"
	}
	return fmt.Errorf("%s%s", text, separatorHint(c.names))
}

// separatorHint says what is likely if a line with other separators was read as one column.
func separatorHint(record []string) string {
	if len(record) == 1 && strings.ContainsAny(record[0], ";\t|") {
		return "; commas must separate the columns, or tabs in a file named .tsv"
	}
	return ""
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// listed names the first of several names, and how many there are besides.
func listed(names []string) string {
	const most = 20
	quoted := make([]string, min(len(names), most))
	for i := range quoted {
		quoted[i] = fmt.Sprintf("%.60q", names[i])
	}
	text := strings.Join(quoted, ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// name names a column in an error.
func (c *columns) name(i int) string {
	if c.names == nil {
		return fmt.Sprintf("column %d", i+1)
	}
	return fmt.Sprintf("column %d (%.60q)", i+1, c.names[i])
}
