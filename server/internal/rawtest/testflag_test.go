//go:build linux

package rawtest

import _ "github.com/disrust/disrust/server/internal/testflag"
