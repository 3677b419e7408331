package faults

import (
	"errors"
	"flag"
	"strings"
)

// sharedFlags are the flags of every actor.
type sharedFlags struct {
	address, out, name string
	queues             []string
	seed               uint64
}

// parse adds the shared flags to the flags of an actor and parses all.
func (s *sharedFlags) parse(set *flag.FlagSet, args []string) error {
	addresses := set.String("addresses", "", "host:port")
	queues := set.String("queues", "", "names, separated by commas")
	set.StringVar(&s.out, "out", "", "history file to append to")
	set.StringVar(&s.name, "name", "", "name of the actor, unique in a run")
	set.Uint64Var(&s.seed, "seed", 1, "seed of its random choices")
	if err := set.Parse(args); err != nil {
		return err
	}
	s.address = *addresses
	s.queues = strings.FieldsFunc(*queues, func(r rune) bool { return r == ',' })
	if s.address == "" || s.out == "" || s.name == "" || len(s.queues) == 0 {
		return errors.New("give --addresses, --out, --name and --queues")
	}
	return nil
}
