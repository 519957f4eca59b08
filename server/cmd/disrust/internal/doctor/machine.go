//go:build linux

package doctor

import (
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
)

// machine is what the doctor looks at.
type machine struct {
	files fs.FS // the root of the file system
	uring error // why the daemon cannot use io_uring; nil: it can
}

// text returns what a file holds, without the white space around it. shown is false if the machine does not
// show the file to this process.
func (m machine) text(path string) (text string, shown bool) {
	all, err := fs.ReadFile(m.files, path)
	return strings.TrimSpace(string(all)), err == nil
}

// number returns the number that a file holds.
func (m machine) number(path string) (n int, shown bool) {
	text, _ := m.text(path)
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// line returns the rest of the line of a file that begins with a word.
func (m machine) line(path, word string) (rest string, found bool) {
	text, _ := m.text(path)
	for line := range strings.Lines(text) {
		if rest, found = strings.CutPrefix(line, word); found {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

// unlimited is a limit that there is not.
const unlimited = 1 << 62

// limit returns a limit of this process. A process may raise its own soft limit as far as the hard one, and Go
// does so for descriptors.
func (m machine) limit(name string, hard bool) (limit int, known bool) {
	rest, _ := m.line("proc/self/limits", name)
	fields := strings.Fields(rest)
	at := 0
	if hard {
		at = 1
	}
	if len(fields) <= at {
		return 0, false
	}
	if fields[at] == "unlimited" {
		return unlimited, true
	}
	limit, err := strconv.Atoi(fields[at])
	return limit, err == nil && limit >= 0
}

// cpus returns the CPUs that this process may use, in order.
func (m machine) cpus() []int {
	list, _ := m.line("proc/self/status", "Cpus_allowed_list:")
	return numbers(list)
}

// mostNumbers bounds what a list may stand for. Linux has at most 8,192 CPUs.
const mostNumbers = 1 << 16

// numbers reads a list such as 0-3,8. What is not one is no numbers.
func numbers(list string) (all []int) {
	for part := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		low, err := strconv.ParseUint(from, 10, 16)
		high, errHigh := strconv.ParseUint(to, 10, 16)
		if err != nil || errHigh != nil || len(all)+int(high)-int(low) >= mostNumbers {
			return nil
		}
		for n := low; n <= high; n++ {
			all = append(all, int(n))
		}
	}
	return all
}

// list writes numbers in order as 0-3,8.
func list(all []int) string {
	var parts []string
	for i := 0; i < len(all); {
		end := i + 1
		for end < len(all) && all[end] == all[end-1]+1 {
			end++
		}
		part := strconv.Itoa(all[i])
		if end-i > 1 {
			part = fmt.Sprintf("%d-%d", all[i], all[end-1])
		}
		parts = append(parts, part)
		i = end
	}
	return strings.Join(parts, ",")
}

// unknown is the finding of what the machine does not show.
func unknown(name, file string) finding {
	return finding{Name: name, State: note, Seen: "not known: /" + file + " says nothing here"}
}

// bytes writes a number of bytes for people, rounded up as in the plan.
func bytes(n uint64) string {
	units := [...]string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	value, i := float64(n), 0
	for ; value >= 1000 && i < len(units)-1; i++ {
		value /= 1024
	}
	if whole := math.Ceil(value); value >= 10 || value == whole {
		return fmt.Sprintf("%.0f %s", whole, units[i])
	}
	return fmt.Sprintf("%.1f %s", math.Ceil(value*10)/10, units[i])
}
