//go:build linux

package patience

import _ "github.com/disrust/disrust/server/internal/testflag"
