//go:build linux

package logqueue_test

import _ "github.com/disrust/disrust/server/internal/testflag"
