//go:build linux

package server

import "runtime"

// serve starts what build has made and sees to its end.
func (s *Server) serve() {
	if s.placement == Dedicated {
		s.batches.Add(1)
		go s.runBatches()
	}
	go func() {
		s.running.Wait()
		for _, r := range s.requests {
			r.Close()
		}
		s.batches.Wait()
		s.free()
		if err := s.listeners.Remove(); err != nil {
			s.cfg.Log.Warn("a socket's file stays behind", "error", err)
		}
		close(s.ended)
	}()
}

// runBatches is the life of the batch thread.
func (s *Server) runBatches() {
	defer s.batches.Done()
	runtime.LockOSThread()
	if err := s.pin(s.cfg.IOThreads); err != nil {
		s.cfg.Log.Warn("the batch thread is not pinned", "error", err)
	}
	s.batchers[0].Run()
}

// free gives memory and descriptors back. All threads have ended.
func (s *Server) free() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, t := range s.threads {
		if err := t.Close(); err != nil {
			s.cfg.Log.Error("freeing memory", "error", err)
		}
		t.wake.Close()
	}
	if s.batch != nil {
		s.batch.Close()
	}
}

// fail notes why a thread ended before its time, and ends the others.
func (s *Server) fail(err error) {
	s.mu.Lock()
	if s.failed == nil {
		s.failed = err
	}
	s.mu.Unlock()
	s.cfg.Log.Error("the server ends", "error", err)
	s.each((*thread).abort)
}
