package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestReferenceSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	parser, err := newParser(environment{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	want := references(parser)
	dir := filepath.Join("..", "..", "deploy", "reference")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !f.IsDir() && want[f.Name()] == nil { // the directory has the pictures of the console
			t.Errorf("deploy/reference/%s is not written by this program", f.Name())
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		}
		if !bytes.Equal(got, text) {
			t.Errorf("deploy/reference/%s is out of date: run go generate ./...", name)
		}
	}
}
