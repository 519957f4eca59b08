package crowd

import _ "github.com/disrust/disrust/server/internal/testflag"
