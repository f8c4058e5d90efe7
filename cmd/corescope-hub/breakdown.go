package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"corescope-hub/decoder/report"
)

// How a breakdown is set: for a terminal of the usual width.
const (
	bytesPerLine = 8
	lineWidth    = 80
	minWords     = 24 // for what a field means, even when the line gets longer
)

// breakdownText sets a breakdown in columns: offset, field, bytes, meaning.
func breakdownText(b report.Breakdown) string {
	var out strings.Builder
	for _, part := range b {
		newTable(part).write(&out, part)
	}
	return out.String()
}

// table is the columns of one part.
type table struct {
	offset, field, bytes int // widths
	fact                 int // width of the names below them
}

func newTable(part report.Part) table {
	var t table
	for _, row := range part.Rows {
		t.offset = max(t.offset, len(fmt.Sprint(row.Offset+len(row.Bytes)-1)))
		t.field = max(t.field, len(row.Field))
		t.bytes = max(t.bytes, min(bytesPerLine, len(row.Bytes))*len("xx ")-1)
	}
	for _, fact := range part.Facts {
		t.fact = max(t.fact, len(fact.Name))
	}
	return t
}

func (t table) write(out *strings.Builder, part report.Part) {
	fmt.Fprintln(out, part.Title)
	for _, row := range part.Rows {
		t.writeRow(out, row)
	}
	for _, fact := range part.Facts {
		name := fact.Name
		for _, words := range wrap(fact.Value, t.fact+4) {
			fmt.Fprintf(out, "  %-*s  %s\n", t.fact, name, words)
			name = ""
		}
	}
	fmt.Fprintln(out)
}

// writeRow writes as many lines as the bytes or the words take.
func (t table) writeRow(out *strings.Builder, row report.Row) {
	words := wrap(row.Meaning, t.offset+t.field+t.bytes+8)
	name := row.Field
	for i := 0; i < len(row.Bytes) || len(words) > 0; i += bytesPerLine {
		offset, chunk, meaning := "", "", ""
		if i < len(row.Bytes) {
			offset = fmt.Sprint(row.Offset + i)
			chunk = fmt.Sprintf("% x", row.Bytes[i:min(i+bytesPerLine, len(row.Bytes))])
		}
		if len(words) > 0 {
			meaning, words = words[0], words[1:]
		}
		line := fmt.Sprintf("  %*s  %-*s  %-*s  %s", t.offset, offset, t.field, name, t.bytes, chunk, meaning)
		fmt.Fprintln(out, strings.TrimRight(line, " "))
		name = ""
	}
}

// wrap breaks text between words, or within one that is too long, to fit into a
// line behind a column.
func wrap(text string, column int) []string {
	width := max(lineWidth-column, minWords)
	var lines []string
	for _, word := range strings.Split(text, " ") {
		if last := len(lines) - 1; last >= 0 && runes(lines[last])+1+runes(word) <= width {
			lines[last] += " " + word
			continue
		}
		for runes(word) > width {
			head := string([]rune(word)[:width])
			lines = append(lines, head)
			word = word[len(head):]
		}
		lines = append(lines, word)
	}
	return lines
}

func runes(s string) int { return utf8.RuneCountInString(s) }
