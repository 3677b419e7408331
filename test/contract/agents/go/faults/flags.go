package faults

import (
	"errors"
	"flag"
	"strings"
)

// shared are the flags of every actor.
type shared struct {
	address, out, name string
	queues             []string
	seed               uint64
}

// parse adds these flags to those of an actor, and reads all of them.
func (s *shared) parse(set *flag.FlagSet, args []string) error {
	addresses := set.String("addresses", "", "host:port")
	queues := set.String("queues", "", "names, by commas")
	set.StringVar(&s.out, "out", "", "file of its history, appended to")
	set.StringVar(&s.name, "name", "", "unique in a run")
	set.Uint64Var(&s.seed, "seed", 1, "of what it does by chance")
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
