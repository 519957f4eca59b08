//go:build linux

package blocks_test

import _ "github.com/disrust/disrust/server/internal/testflag"
