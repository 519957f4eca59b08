//go:build linux

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/cmd/disrust/internal/notify"
)

// findManager looks for a service manager that wants to know what the daemon does. Without one the
// daemon serves all the same: the environment may name one that is long gone.
func (o *options) findManager() {
	var err error
	o.manager, err = notify.Find(os.Getenv)
	o.tell(err)
}

// tell logs that the service manager was not told something.
func (o *options) tell(err error) {
	if err != nil {
		o.log.Warn("no word to the service manager", "error", err.Error())
	}
}

// serves tells the service manager that s serves, feeds its watchdog, and tells it when the drain
// begins. stop ends that.
func (o *options) serves(s *server.Server) (stop func()) {
	o.tell(o.manager.Ready("serves on " + flags.OneLine(s.String())))
	if o.manager == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	fed, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(fed)
		o.manager.Feed(ctx, s.Alive, func(err error) {
			o.log.Error("the watchdog is not fed", "error", err.Error())
		})
	}()
	go func() {
		defer close(told)
		for state := s.State(); state < server.Draining; {
			changed := s.Changed()
			if state = s.State(); state < server.Draining {
				<-changed
			}
		}
		o.tell(o.manager.Status("drains"))
	}()
	return func() {
		<-told
		cancel()
		<-fed
	}
}

// ends tells the service manager that the end has begun.
func (o *options) ends() {
	status := "ends"
	if o.cfg.DrainDelay > 0 {
		status = fmt.Sprintf("serves for another %s, then drains", o.cfg.DrainDelay)
	}
	o.tell(o.manager.Stopping(status))
}
