//go:build linux

// Package watch notices that the file which a path leads to may be another one.
package watch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Watcher watches the names that a path leads through: its own, each symbolic link's on the way, and that of
// the file at its end. It watches the folders that hold these names, and not the file, because a file that
// takes another's place is not the file that was watched.
type Watcher struct {
	path    string
	beside  func(file string) string
	quiet   time.Duration
	notify  *fsnotify.Watcher
	names   []string // on the way, and the one beside the file
	folders []string // that hold the names
}

// New begins to watch. beside returns a file that belongs to the one at the path's end. What happens until
// Run is kept by the kernel. quiet is how long nothing must have happened before Run calls changed.
func New(path string, beside func(file string) string, quiet time.Duration) (*Watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("the kernel gives no inotify instance (fs.inotify.max_user_instances): %w", err)
	}
	w := &Watcher{path: path, beside: beside, quiet: quiet, notify: notify}
	if err := w.follow(); err != nil {
		notify.Close()
		return nil, err
	}
	return w, nil
}

// Close ends the watch. Run returns.
func (w *Watcher) Close() error { return w.notify.Close() }

// Run calls changed each time when something has happened to one of the names and then nothing for a while,
// until ctx ends. It calls failed when it cannot watch something; a later event has it try again. Both run
// on the goroutine of Run.
func (w *Watcher) Run(ctx context.Context, changed func(), failed func(error)) {
	timer := time.NewTimer(0)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, open := <-w.notify.Events:
			if !open {
				return
			}
			if w.concerns(e.Name) {
				timer.Reset(w.quiet)
			}
		case err, open := <-w.notify.Errors: // such as lost events
			if !open {
				return
			}
			failed(err)
			timer.Reset(w.quiet)
		case <-timer.C:
			if err := w.follow(); err != nil {
				failed(err)
			}
			changed()
		}
	}
}

// concerns reports whether an event is about a name on the way, or about a folder that was watched: then the
// folder has gone.
func (w *Watcher) concerns(name string) bool {
	return slices.Contains(w.names, name) || slices.Contains(w.folders, name)
}

// follow watches the folders that the path leads through now. It looks again after it has begun to watch
// them, so that no change falls between. A folder that has just gone is no failure: the way is another then.
func (w *Watcher) follow() (failed error) {
	names := w.way()
	for range 10 { // a path that goes on changing has events
		w.names = names
		failed = w.watch()
		if names = w.way(); failed == nil && slices.Equal(names, w.names) {
			return nil
		}
	}
	return failed
}

func (w *Watcher) way() []string {
	names := trail(w.path)
	return append(names, w.beside(names[len(names)-1]))
}

// watch watches the folders of the names, and no others.
func (w *Watcher) watch() (failed error) {
	var folders []string
	for _, name := range w.names {
		if folder := filepath.Dir(name); !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	for _, folder := range w.notify.WatchList() {
		if !slices.Contains(folders, folder) {
			w.notify.Remove(folder) // it may have gone
		}
	}
	for _, folder := range folders {
		if err := w.notify.Add(folder); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s cannot be watched: %w", folder, err))
		}
	}
	w.folders = folders
	return failed
}
