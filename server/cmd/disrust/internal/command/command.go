// Package command is what the commands that do not serve have in common: how they read their words
// and flags, where they write, and what their errors mean.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/disrust/disrust/client/tools/flags"
)

// Command is one command.
type Command struct {
	Name  string
	Words []string // that it needs, such as FILE
	Does  string   // a line for the list of commands
	Help  string   // what its own help says besides its flags

	// Failed is the exit status of an error that wraps neither ErrUsage nor ErrTold; 0 means 1. A
	// command whose status 1 is a result needs another.
	Failed int

	New func() Invocation
}

// Invocation is one use of a command, with its flags at their defaults.
type Invocation interface {
	Flags() flags.List

	// Run does what the command does with the words that were given, until it is done or ctx ends.
	Run(ctx context.Context, words []string, s Streams) error
}

// Streams is where a command writes.
type Streams struct {
	Stdout io.Writer
	Text   *flags.Output // for people, on Stdout; what cannot be written is an error of the command
	Stderr io.Writer
}

// ErrUsage is wrapped by errors that say that the command makes no sense. The exit status is 2.
var ErrUsage = errors.New("usage")

// ErrTold says that the command has told its result itself. The exit status is 1.
var ErrTold = errors.New("the result was told")

// Usage returns an error that wraps ErrUsage.
func Usage(format string, args ...any) error { return usage{fmt.Errorf(format, args...)} }

type usage struct{ error }

func (usage) Is(target error) bool { return target == ErrUsage }
func (u usage) Unwrap() error      { return u.error }

// Run carries out a command and returns the exit status.
func (c *Command) Run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	run := c.New()
	words, err := c.parse(run.Flags(), args)
	if err != nil {
		return flags.Answer(c.blame(err), program, c.help(), stdout, stderr)
	}
	s := Streams{Stdout: stdout, Text: &flags.Output{W: stdout}, Stderr: stderr}
	err = run.Run(ctx, words, s)
	if s.Text.Err != nil && (err == nil || errors.Is(err, ErrTold)) {
		err = fmt.Errorf("cannot write the result: %w", s.Text.Err)
	}
	switch {
	case err == nil:
		return flags.StatusOK
	case errors.Is(err, ErrTold):
		return flags.StatusFailed
	}
	flags.Complain(stderr, program, c.blame(err))
	switch {
	case errors.Is(err, ErrUsage):
		return flags.StatusUsage
	case c.Failed != 0:
		return c.Failed
	}
	return flags.StatusFailed
}

const program = "disrust"

// blame says which command an error is of.
func (c *Command) blame(err error) error { return fmt.Errorf("%s: %w", c.Name, err) }

func (c *Command) parse(list flags.List, args []string) (words []string, err error) {
	line, err := list.Parse(args)
	if err != nil {
		return nil, err
	}
	switch given := len(line.Words); {
	case given < len(c.Words):
		return nil, fmt.Errorf("%s is missing: disrust %s", c.Words[given], c.Usage())
	case given > len(c.Words):
		return nil, fmt.Errorf("unexpected word %q: disrust %s", line.Words[len(c.Words)], c.Usage())
	}
	return line.Words, nil
}

// Usage writes the command with the words that it needs.
func (c *Command) Usage() string {
	return strings.Join(append([]string{c.Name}, c.Words...), " ") + " [flags]"
}

func (c *Command) help() string {
	return fmt.Sprintf("disrust %s\n\n%s\n\nFlags, before or after the words:\n%s", c.Usage(), c.Help, c.New().Flags().Help())
}

// List writes a line for each of several commands.
func List(commands []*Command) string {
	var b strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-43s %s\n", "disrust "+c.Usage(), c.Does)
	}
	return b.String()
}
