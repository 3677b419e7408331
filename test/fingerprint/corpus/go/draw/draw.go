// Package draw has the values of one run.
package draw

import (
	"encoding/json"
	"os"
	"time"
)

type Draw struct {
	Order, Customer, Index                           int
	Name, Word, Code, Email, UUID, Token, Hash, File string
	Amount                                           float64
	WaitS                                            float64 `json:"wait_s"`
	EmailTaken                                       string  `json:"email_taken"`
	BadDate                                          string  `json:"bad_date"`
	Status                                           string
}

func (d Draw) Wait() time.Duration { return time.Duration(d.WaitS * float64(time.Second)) }

func Read() Draw {
	text, err := os.ReadFile("draws.json")
	if err != nil {
		panic(err)
	}
	all := map[string]Draw{}
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	return all[os.Getenv("DRAW")]
}

// Port returns the port of a peer.
func Port(name string) string { return os.Getenv("PORT_" + name) }

// Case is one failure.
type Case struct {
	Name string
	Run  func(Draw) error
}
