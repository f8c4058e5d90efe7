package main

import (
	"fmt"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/config"
)

type tokenCmd struct {
	Key      string        `arg:"" placeholder:"FILE" help:"File with the node's private key: 128 hex digits, as the firmware's 'get prv.key' shows."`
	Audience string        `placeholder:"HOST" help:"Name of the broker that the token is for."`
	Lifetime time.Duration `default:"1h" help:"How long the token is good."`
}

// Help is the long form of what the command does.
func (tokenCmd) Help() string {
	return `Prints the user name and the password with which an observer logs in, a line each: to try out a broker that takes device tokens. Whoever has them may publish as this node until they expire.`
}

// Run mints a device token.
func (c *tokenCmd) Run(env environment) error {
	if c.Lifetime < time.Second {
		return fmt.Errorf("--lifetime %s: too short: write a time such as 1h", c.Lifetime)
	}
	id, err := config.ReadNodeKey(c.Key)
	if err != nil {
		return err
	}
	login, err := config.DeviceToken(id, c.Audience, time.Now(), c.Lifetime)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "%s\n%s\n", login.Username, login.Password)
	return err
}
