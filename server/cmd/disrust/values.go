//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/disrust/disrust/server/internal/listen"
)

// choice is a flag with a few values.
type choice[T any] struct {
	name    string
	to      *T
	values  map[string]T
	allowed string
}

func (c choice[T]) String() string { return c.name }

func (c choice[T]) Set(s string) error {
	v, ok := c.values[s]
	if !ok {
		return errors.New(c.allowed + " is allowed")
	}
	*c.to = v
	return nil
}

// number is a flag with a range.
type number struct {
	to        *int
	low, high int
}

func (n number) String() string {
	if n.to == nil {
		return ""
	}
	return strconv.Itoa(*n.to)
}

func (n number) Set(s string) error {
	v, err := strconv.Atoi(s)
	if err != nil || v < n.low || v > n.high {
		return fmt.Errorf("a whole number from %d to %d is allowed", n.low, n.high)
	}
	*n.to = v
	return nil
}

// period is a flag with a duration.
type period struct {
	to        *time.Duration
	low, high time.Duration
}

func (p period) String() string {
	if p.to == nil {
		return ""
	}
	return p.to.String()
}

func (p period) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil || v < p.low || v > p.high {
		return fmt.Errorf("a duration from %s to %s is allowed, such as 500ms or 10s", p.low, p.high)
	}
	*p.to = v
	return nil
}

// toggle is a flag that is on when it stands without a value.
type toggle struct{ to *bool }

func (toggle) IsBoolFlag() bool { return true }

func (t toggle) String() string {
	if t.to == nil {
		return ""
	}
	return strconv.FormatBool(*t.to)
}

func (t toggle) Set(s string) error {
	v, err := strconv.ParseBool(s)
	if err != nil {
		return errors.New("true or false is allowed")
	}
	*t.to = v
	return nil
}

// prefixes is a flag with ranges of addresses, which adds up when it stands again.
type prefixes struct{ to *[]netip.Prefix }

func (p prefixes) String() string { return "" }

func (p prefixes) Set(s string) error {
	for _, each := range strings.Split(s, ",") {
		prefix, err := netip.ParsePrefix(each)
		if addr, e := netip.ParseAddr(each); e == nil && addr.Zone() == "" {
			prefix, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		if err != nil {
			return fmt.Errorf("%q: addresses and ranges of them are allowed, such as 192.168.1.7 or 10.0.0.0/8, apart by commas", each)
		}
		*p.to = append(*p.to, prefix)
	}
	return nil
}

// addresses is a flag with an address to listen on, which adds up when it stands again.
type addresses struct{ to *[]string }

func (a addresses) String() string { return "" }

func (a addresses) Set(s string) error {
	err := listen.Check(s)
	if err == nil {
		*a.to = append(*a.to, s)
	}
	return err
}

// permissions is a flag with the mode of a file, in octal digits.
type permissions struct{ to *fs.FileMode }

func (p permissions) String() string {
	if p.to == nil {
		return ""
	}
	return fmt.Sprintf("%04o", *p.to)
}

func (p permissions) Set(s string) error {
	mode, err := strconv.ParseUint(s, 8, 32)
	if err != nil || mode > uint64(fs.ModePerm) {
		return errors.New("octal permissions are allowed, such as 0660")
	}
	*p.to = fs.FileMode(mode)
	return nil
}
