//go:build !linux

package main

// unmapProgram is for Linux alone.
func unmapProgram() {}
