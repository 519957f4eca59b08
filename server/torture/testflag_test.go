//go:build linux

package main

import _ "github.com/disrust/disrust/server/internal/testflag"
