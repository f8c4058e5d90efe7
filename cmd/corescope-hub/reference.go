package main

type referenceCmd struct{}

func (referenceCmd) Run() error { return nil }
