package throttle

import _ "github.com/disrust/disrust/server/internal/testflag"
