//go:build linux

package osthread

import _ "github.com/disrust/disrust/server/internal/testflag"
