//go:build linux

package waiting

import _ "github.com/disrust/disrust/server/internal/testflag"
