package main

import (
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"
)

// How often progress is shown.
const (
	progressOnTerminal = 250 * time.Millisecond
	progressElsewhere  = 10 * time.Second
)

// progress tells how far long work is: on a terminal in one line that is written
// over, elsewhere in a plain line now and then. It is safe for concurrent use.
type progress struct {
	w        io.Writer
	terminal bool
	now      func() time.Time

	mu    sync.Mutex
	last  time.Time
	width int // of what the line holds now, in characters
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, terminal: isTerminal(w), now: time.Now}
}

// at shows how far the work is, if it is time to.
func (p *progress) at(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	every := progressElsewhere
	if p.terminal {
		every = progressOnTerminal
	}
	if now.Sub(p.last) < every {
		return
	}
	p.last = now
	if !p.terminal {
		fmt.Fprintln(p.w, text)
		return
	}
	fmt.Fprintf(p.w, "\r%s%*s", text, max(p.width-utf8.RuneCountInString(text), 0), "")
	p.width = utf8.RuneCountInString(text)
}

// say writes a line that stays.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.width > 0 {
		fmt.Fprintf(p.w, "\r%*s\r", p.width, "")
		p.width = 0
	}
	fmt.Fprintln(p.w, text)
}
