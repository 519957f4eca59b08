package flags

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// unknown is the error for a flag that l does not have.
func (l List) unknown(name string) error {
	if guess := Nearest(name, append(l.names(), "help", "version")); guess != "" {
		return fmt.Errorf("there is no flag --%s: did you mean --%s?", OneLine(name), guess)
	}
	return fmt.Errorf("there is no flag --%s (--help lists them)", OneLine(name))
}

// UnknownWord is the error for a word that is none of the commands. It suggests the command
// or else the flag that the word resembles.
func (l List) UnknownWord(word string, commands ...string) error {
	word = OneLine(word)
	if guess := Nearest(word, commands); guess != "" {
		return fmt.Errorf("there is no command %q: did you mean %s?", word, guess)
	}
	if guess := Nearest(word, l.names()); guess != "" {
		return fmt.Errorf("there is no command %q: did you mean --%s?", word, guess)
	}
	return fmt.Errorf("there is no command %q (the commands are %s)", word, strings.Join(commands, ", "))
}

func (l List) names() []string {
	names := make([]string, len(l))
	for i, f := range l {
		names[i] = f.Name
	}
	return names
}

// Nearest returns the name that word most resembles, or "" if word resembles none: at most
// half of its letters may be wrong. Two letters that have changed places are two wrong ones. A word
// or name of more than 100 bytes, which may come from a file, resembles nothing.
func Nearest(word string, names []string) (best string) {
	const most = 100
	least := max(1, len(word)/2) + 1
	for _, name := range names {
		if len(word) > most || len(name) > most {
			continue
		}
		if d := levenshtein.ComputeDistance(word, name); d < least {
			least, best = d, name
		}
	}
	return best
}
