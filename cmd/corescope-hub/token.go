package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"corescope-hub/broker"
	"corescope-hub/decoder"
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
		return fmt.Errorf("lifetime %s: too short: write a time such as 1h", c.Lifetime)
	}
	text, err := os.ReadFile(c.Key)
	if err != nil {
		return fmt.Errorf("key file %q: %w: check the path", c.Key, cause(err))
	}
	expanded, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("key file %q: not hex digits: write the private key as the firmware shows it", c.Key)
	}
	id, err := decoder.NewIdentity(expanded)
	if err != nil {
		return fmt.Errorf("key file %q: %w", c.Key, err)
	}
	now := time.Now()
	public := id.PublicKey()
	user, password, err := broker.MintToken(broker.TokenClaims{
		PublicKey: hex.EncodeToString(public[:]),
		IssuedAt:  now.Unix(),
		Expires:   now.Add(c.Lifetime).Unix(),
		Audience:  c.Audience,
		Client:    "corescope-hub/" + version(),
	}, func(message []byte) []byte { s := id.Sign(message); return s[:] })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "%s\n%s\n", user, password)
	return err
}
