package main

import (
	"context"
	"errors"
	"log/slog"

	"corescope-hub/cmd/corescope-hub/internal/config"
)

type hub struct{}

func openHub(ctx context.Context, cfg *config.Config, log *slog.Logger) (*hub, error) {
	return nil, errors.New("not wired")
}
func (h *hub) run(ctx context.Context, ready func()) error { return nil }
func (h *hub) greeting() greeting                          { return greeting{} }
