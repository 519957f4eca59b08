package result

import "github.com/disrust/disrust/client/tools/machine"

// Machine is where everything ran: the servers and the client.
type Machine = machine.Machine

// ThisMachine returns the machine that the benchmark runs on.
func ThisMachine() Machine { return machine.This() }
