//go:build linux

package listen_test

import _ "github.com/disrust/disrust/server/internal/testflag"
