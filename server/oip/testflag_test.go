package oip

import _ "github.com/disrust/disrust/server/internal/testflag"
