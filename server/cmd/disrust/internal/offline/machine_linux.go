package offline

import (
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
	"github.com/disrust/disrust/server/cmd/disrust/internal/doctor"
)

// machine are the commands that look at this machine.
var machine = []*command.Command{doctor.Command}
