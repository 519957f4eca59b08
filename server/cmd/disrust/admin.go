//go:build linux

package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
	"github.com/disrust/disrust/server/internal/listen"
)

// adminBytes is what the admin port takes while it is used: its code, the connections that it allows, and
// their answers. It is measured and rounded up.
const adminBytes = 32 << 20

// adminField names --admin in the Budget, although it is no field of the Config.
const adminField = "Admin"

// newLife returns what the admin port tells of, before the server starts.
func (o *options) newLife() *admin.Life {
	return &admin.Life{Flags: o.given, Source: o.modelSource(), Format: modelFormat}
}

const noFile = "built in"

// modelSource returns the path of the model's file.
func (o *options) modelSource() string {
	if o.model == builtIn {
		return noFile
	}
	_, file := modelflag.Split(o.model)
	if whole, err := filepath.Abs(file); err == nil {
		return whole
	}
	return file
}

func modelFormat(m batcher.Model) string {
	if m, ok := m.(*forest.Model); ok {
		return m.About.Format
	}
	return noFile
}

// openAdmin serves source on the admin port, if there is to be one. Its goroutines are Go's, which run on
// none of the server's threads.
func (o *options) openAdmin(source adminSource, l *lineLog) (end func(), err error) {
	if o.admin == "" {
		return func() {}, nil
	}
	set, err := o.listenAdmin()
	if err != nil {
		return nil, fmt.Errorf("--admin %s: %w", o.admin, err)
	}
	listener, err := takeListener(set)
	if err != nil {
		return nil, fmt.Errorf("--admin %s: %w", o.admin, err)
	}
	port := admin.Serve(listener, source, admin.Options{Reloader: source.reloads, Pprof: profiles(), Log: o.cfg.Log})
	l.say(slog.LevelInfo, "admin port on "+set.String())
	return func() {
		port.Close()
		if err := set.Remove(); err != nil {
			l.say(slog.LevelWarn, err.Error())
		}
	}, nil
}

// listenAdmin opens the admin port as the server opens its own: it refuses an address that another process
// serves, and no client can connect to a Unix socket before its file has its mode. With --share-port it takes
// over a Unix socket. It never shares a TCP port, on which the kernel would choose who answers a scrape.
func (o *options) listenAdmin() (*listen.Set, error) {
	takesOver := o.cfg.SharePort && listen.PathBytes(o.admin) > 0
	set, err := listen.Open(listen.Config{Addrs: []string{o.admin}, Threads: 1, Share: takesOver, UnixMode: o.cfg.UnixMode})
	if err != nil {
		return nil, err
	}
	if err := set.Listen(); err != nil {
		set.Close()
		return nil, err
	}
	return set, nil
}

// takeListener turns the one socket of set into a listener of package net. The set keeps the socket's file
// alone.
func takeListener(set *listen.Set) (net.Listener, error) {
	socket := os.NewFile(uintptr(set.Thread(0)[0].FD), "admin")
	defer socket.Close() // the listener has a duplicate
	l, err := net.FileListener(socket)
	if err != nil {
		set.Remove()
	}
	return l, err
}

// profiles serves net/http/pprof.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
