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
	fillerChars = 400
	// stockDelay is far beyond any run.
	stockDelay = 30 * 24 * time.Hour

	// As history/lanes.ts has them.
	hosts, orderEvery, orders = 8, 3, 150
	// routeEvery: as history/routes.ts has them.
	routeEvery = 50
)

var policy = &dlq.RetryPolicy{
	InitialDelay: durationpb.New(100 * time.Millisecond), MaxDelay: durationpb.New(500 * time.Millisecond),
}

// content is the payload: its keys are in this order in each language.
type content struct {
	Source string `json:"source"`
	Plan   string `json:"plan"`
	Filler string `json:"filler"`
}

// edited is what the edits of the run, as rig/guarded.yaml has them, make of it.
type edited struct {
	content
	Edit edit `json:"edit"`
}

type edit struct {
	By    string `json:"by"`
	Whole bool   `json:"whole"`
}

// letter is a message that a producer hands over.
type letter struct {
	queue, text string
	options     []dlq.SendOption
}

// letters makes messages, the same ones for the same seed but for their request ids.
type letters struct {
	name    string
	queues  []string
	plans   []string
	weights map[string]float64
	total   float64
	chance  *rand.Rand
	made    int
}

func newLetters(name string, queues []string, weights map[string]float64, seed uint64) *letters {
	l := &letters{
		name: name, queues: queues, weights: weights,
		plans:  slices.Sorted(maps.Keys(weights)),
		chance: rand.New(rand.NewPCG(seed, 0)),
	}
	for _, weight := range weights {
		l.total += weight
	}
	return l
}

func (l *letters) next() letter {
	l.made++
	host, order, priority := laneFacts(l.made)
	source := strings.Join(slices.DeleteFunc(
		[]string{fmt.Sprintf("%s-%d", l.name, l.made), routeAt(l.made), host, order},
		func(part string) bool { return part == "" },
	), ".")
	plan := l.plan()
	text := jsonOf(content{source, plan, l.filler()})
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
	case "stock":
		options = append(options, dlq.WithDelay(stockDelay))
	}
	return letter{l.queues[l.chance.IntN(len(l.queues))], text, options}
}

func (l *letters) plan() string {
	at := l.chance.Float64() * l.total
	for _, plan := range l.plans {
		if at -= l.weights[plan]; at < 0 {
			return plan
		}
	}
	return l.plans[len(l.plans)-1]
}

func (l *letters) filler() string {
	const digits = "0123456789abcdef"
	filler := make([]byte, l.chance.IntN(fillerChars+1))
	for at := range filler {
		filler[at] = digits[l.chance.IntN(len(digits))]
	}
	return string(filler)
}

// laneFacts are host, ordering key (empty: none) and priority of a producer's message, from 1.
func laneFacts(number int) (host, order string, priority int32) {
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

// routeAt is what rules do to a producer's message, from 1; empty: nothing.
func routeAt(number int) string {
	switch place := number % routeEvery; {
	case place == 7:
		return "drop"
	case place >= 13 && place < 15:
		return "divert"
	case place >= 20 && place < 28:
		return "away"
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

// editedText is the payload with all that edits do to it, as JSON is written by them.
func editedText(c content) string { return jsonOf(edited{c, edit{"queue", true}}) }

func jsonOf(value any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // texts and numbers only
	}
	return strings.TrimSuffix(text.String(), "\n")
}
