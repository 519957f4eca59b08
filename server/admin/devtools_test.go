//go:build chromium

package admin

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// tab is a tab of headless Chromium, which a test drives through the DevTools protocol
// (chromedevtools.github.io/devtools-protocol). It needs the command chromium, which is Debian's package of that name.
// The protocol goes over two pipes, each message with a 0 behind it.
type tab struct {
	t       *testing.T
	session string
	to      io.Writer

	mu      sync.Mutex
	sent    int
	waiting map[int]chan reply
	events  []event
	ended   error // why nothing more comes
}

type reply struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

type event struct {
	Method string
	Params json.RawMessage
}

type arguments map[string]any

// newTab starts a browser for t and opens an empty tab, which notes what goes wrong in it and what it asks for. Tests with a
// tab run beside each other, as much of each is waiting.
func newTab(t *testing.T) *tab {
	t.Helper()
	t.Parallel()
	theirs, to, err := os.Pipe()
	check(t, err)
	from, theirsToo, err := os.Pipe()
	check(t, err)
	browser := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en-US", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe")
	// With --lang, dates are in English wherever the test runs.
	browser.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "LANGUAGE=")
	browser.ExtraFiles = []*os.File{theirs, theirsToo} // its descriptors 3 and 4
	check(t, browser.Start())
	theirs.Close()
	theirsToo.Close()
	b := &tab{t: t, to: to, waiting: make(map[int]chan reply)}
	go b.receive(from)
	t.Cleanup(func() {
		kill := time.AfterFunc(safety, func() { browser.Process.Kill() })
		b.call("Browser.close", nil, nil)
		browser.Wait()
		kill.Stop()
		to.Close()
		from.Close()
	})
	var made struct{ TargetID, SessionID string }
	b.must("Target.createTarget", arguments{"url": "about:blank"}, &made)
	b.must("Target.attachToTarget", arguments{"targetId": made.TargetID, "flatten": true}, &made)
	b.session = made.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.must(domain+".enable", nil, nil)
	}
	return b
}

// receive hands each reply to its call, and keeps the events.
func (b *tab) receive(from io.Reader) {
	r := bufio.NewReader(from)
	for {
		text, err := r.ReadBytes(0)
		b.mu.Lock()
		if err != nil {
			b.ended = errors.New("the browser has ended")
			for _, to := range b.waiting {
				close(to)
			}
			b.mu.Unlock()
			return
		}
		var said struct {
			ID int
			event
			reply
		}
		if json.Unmarshal(text[:len(text)-1], &said) == nil {
			if to := b.waiting[said.ID]; to != nil {
				delete(b.waiting, said.ID)
				to <- said.reply
			} else {
				b.events = append(b.events, said.event)
			}
		}
		b.mu.Unlock()
	}
}

// call calls a method of the protocol, and reads what it returns into result unless that is nil.
func (b *tab) call(method string, params arguments, result any) error {
	message := arguments{"method": method}
	if params != nil {
		message["params"] = params
	}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	got := make(chan reply, 1)
	b.mu.Lock()
	if b.ended != nil {
		b.mu.Unlock()
		return b.ended
	}
	b.sent++
	message["id"], b.waiting[b.sent] = b.sent, got
	text, err := json.Marshal(message)
	if err == nil {
		_, err = b.to.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case r, ok := <-got:
		switch {
		case !ok:
			return errors.New("the browser has ended")
		case r.Error != nil:
			return fmt.Errorf("%s: %s", method, r.Error.Message)
		case result == nil:
			return nil
		}
		return json.Unmarshal(r.Result, result)
	case <-time.After(safety):
		return fmt.Errorf("%s: no reply within %v", method, safety)
	}
}

func (b *tab) must(method string, params arguments, result any) {
	b.t.Helper()
	check(b.t, b.call(method, params, result))
}

// open opens a page and waits until it is loaded.
func (b *tab) open(url string) {
	b.t.Helper()
	var went struct{ ErrorText string }
	b.must("Page.navigate", arguments{"url": url}, &went)
	if went.ErrorText != "" {
		b.t.Fatalf("%s: %s", url, went.ErrorText)
	}
	b.await(`document.readyState == "complete"`)
}

// loaded waits until n pages have been loaded.
func (b *tab) loaded(n int) {
	b.t.Helper()
	for began := time.Now(); time.Since(began) < safety; time.Sleep(time.Millisecond) {
		b.mu.Lock()
		now := 0
		for _, e := range b.events {
			if e.Method == "Page.loadEventFired" {
				now++
			}
		}
		b.mu.Unlock()
		if now >= n {
			return
		}
	}
	b.t.Fatalf("%d pages are never loaded", n)
}

// eval returns the value of an expression, of type T.
func eval[T any](b *tab, expression string) (value T) {
	b.t.Helper()
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	b.must("Runtime.evaluate", arguments{"expression": expression, "awaitPromise": true, "returnByValue": true}, &got)
	if got.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, got.ExceptionDetails.Exception.Description)
	}
	check(b.t, json.Unmarshal(got.Result.Value, &value))
	return value
}

// await waits until an expression is true.
func (b *tab) await(expression string) {
	b.t.Helper()
	const look = `new Promise(done => {
		const began = performance.now();
		(function look() { (%s) ? done(true) : performance.now() - began > %d ? done(false) : setTimeout(look, 20); })();
	})`
	if !eval[bool](b, fmt.Sprintf(look, expression, (safety-5*time.Second).Milliseconds())) {
		b.t.Fatalf("it never comes true that %s; the page says\n%s", expression, eval[string](b, "document.body.innerText"))
	}
}

// text returns the text of the elements that a selector names, as the page has it.
func (b *tab) text(selector string) []string {
	b.t.Helper()
	return eval[[]string](b, fmt.Sprintf("Array.from(document.querySelectorAll(%q), e => e.textContent)", selector))
}

// show sets the width of the window, and whether the reader likes it dark.
func (b *tab) show(width int, scheme string) {
	b.t.Helper()
	b.must("Emulation.setDeviceMetricsOverride", arguments{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 700}, nil)
	b.must("Emulation.setEmulatedMedia", arguments{"features": []arguments{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// picture returns what the whole page looks like, as PNG unless how, arguments of Page.captureScreenshot, says otherwise.
func (b *tab) picture(how arguments) []byte {
	b.t.Helper()
	how["captureBeyondViewport"] = true
	var got struct{ Data string }
	b.must("Page.captureScreenshot", how, &got)
	file, err := base64.StdEncoding.DecodeString(got.Data)
	check(b.t, err)
	return file
}

// complaints are what the tab has noted: exceptions, errors on its console, and requests to anywhere but below own.
func (b *tab) complaints(own string) (all []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		var p struct {
			Type    string
			Entry   struct{ Level, Text string }
			Request struct{ URL string }
		}
		json.Unmarshal(e.Params, &p)
		bad := e.Method == "Runtime.exceptionThrown" ||
			e.Method == "Runtime.consoleAPICalled" && p.Type == "error" ||
			e.Method == "Log.entryAdded" && p.Entry.Level != "verbose" ||
			e.Method == "Network.requestWillBeSent" && !strings.HasPrefix(p.Request.URL, own) && !strings.HasPrefix(p.Request.URL, "data:")
		if bad {
			all = append(all, string(e.Params))
		}
	}
	return all
}
