//go:build linux

package server_test

import _ "github.com/disrust/disrust/server/internal/testflag"
