package faults

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	maxFiller = 400
	// baselineDelay is longer than any run.
	baselineDelay = 30 * 24 * time.Hour

	// The same values as in test/faults/history.
	hosts, orderEvery, orders = 8, 3, 150
	routeEvery                = 50
)

var policy = &dlq.RetryPolicy{
	InitialDelay: durationpb.New(100 * time.Millisecond), MaxDelay: durationpb.New(500 * time.Millisecond),
}

// content is a payload. All languages write its keys in this order.
type content struct {
	Source string `json:"source"`
	Plan   string `json:"plan"`
	Filler string `json:"filler"`
}

// edited is a payload after the edits of test/faults/rig/guarded.yaml.
type edited struct {
	content
	Edit edit `json:"edit"`
}

type edit struct {
	By    string `json:"by"`
	Whole bool   `json:"whole"`
}

// message is a message to send.
type message struct {
	queue, text string
	options     []dlq.SendOption
}

// generator makes the messages of a producer. They depend on the seed only, except for their request ids.
type generator struct {
	name    string
	queues  []string
	plans   []string
	weights map[string]float64
	total   float64
	random  *rand.Rand
	count   int
}

func newGenerator(name string, queues []string, weights map[string]float64, seed uint64) *generator {
	g := &generator{
		name: name, queues: queues, weights: weights,
		plans:  slices.Sorted(maps.Keys(weights)),
		random: rand.New(rand.NewPCG(seed, 0)),
	}
	for _, weight := range weights {
		g.total += weight
	}
	return g
}

func (g *generator) next() message {
	g.count++
	host, order, priority := attributesOf(g.count)
	source := strings.Join(slices.DeleteFunc(
		[]string{fmt.Sprintf("%s-%d", g.name, g.count), routeOf(g.count), host, order},
		func(part string) bool { return part == "" },
	), ".")
	plan := g.plan()
	text := jsonOf(content{source, plan, g.filler()})
	options := []dlq.SendOption{
		dlq.WithSourceID(source),
		dlq.WithRetryPolicy(policy),
		dlq.WithAttributes(map[string]string{"host": host}),
		dlq.WithOrderingKey(order),
		dlq.WithPriority(priority),
	}
	switch plan {
	case "exhaust":
		options = append(options, dlq.WithMaxRetries(2))
	case "baseline":
		options = append(options, dlq.WithDelay(baselineDelay))
	}
	return message{g.queues[g.random.IntN(len(g.queues))], text, options}
}

// plan returns a random plan by weight.
func (g *generator) plan() string {
	rest := g.random.Float64() * g.total
	for _, plan := range g.plans {
		if rest -= g.weights[plan]; rest < 0 {
			return plan
		}
	}
	return g.plans[len(g.plans)-1]
}

func (g *generator) filler() string {
	const digits = "0123456789abcdef"
	filler := make([]byte, g.random.IntN(maxFiller+1))
	for i := range filler {
		filler[i] = digits[g.random.IntN(len(digits))]
	}
	return string(filler)
}

// attributesOf returns host, ordering key (may be empty) and priority of a message by its number, from 1.
func attributesOf(number int) (host, order string, priority int32) {
	if number%orderEvery == 0 {
		order = fmt.Sprintf("o%d", number%(orderEvery*orders))
	}
	switch number % 10 {
	case 0:
		priority = 5
	case 1:
		priority = -5
	}
	return fmt.Sprintf("h%d", number%hosts), order, priority
}

// routeOf returns what the routing rules do to a message by its number, from 1. It is empty for most.
func routeOf(number int) string {
	switch place := number % routeEvery; {
	case place == 7:
		return "drop"
	case place >= 13 && place < 15:
		return "divert"
	case place >= 20 && place < 28:
		return "moved"
	case place >= 30 && place < 38:
		return "swap"
	case place >= 40 && place < 42:
		return "rule"
	default:
		return ""
	}
}

func sumOf(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])[:16]
}

// editedText returns the payload after all edits, formatted like the service does.
func editedText(c content) string { return jsonOf(edited{c, edit{"queue", true}}) }

func jsonOf(value any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // can't happen: there are only texts and numbers
	}
	return strings.TrimSuffix(text.String(), "\n")
}
