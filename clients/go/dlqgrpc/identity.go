package dlqgrpc

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/dlq-service/dlq/clients/go"
	"google.golang.org/grpc/metadata"
)

// Names of metadata.
const (
	idempotencyKey = "idempotency-key"
	// callKey has an id that the client's interceptor gives to a call, so that the server's one sends the same message.
	callKey = "dlq-call-id"
	// redoKey marks the calls of Redo.
	redoKey = "dlq-redo"
	// keptKey is set in the trailer of a call that the server's interceptor has sent.
	keptKey = "dlq-kept"
)

// maxID is the service's limit. A longer idempotency key is ignored, so that the message is not refused.
const maxID = 256

// withIdentity gives a call an id, unless it has one.
func withIdentity(ctx context.Context) context.Context {
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	if valueOf(outgoing, idempotencyKey) != "" || valueOf(outgoing, callKey) != "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, callKey, rand.Text())
}

// identityOf returns the options by which the sends of one call become one message.
func identityOf(md metadata.MD, method string) []dlq.SendOption {
	var options []dlq.SendOption
	id := valueOf(md, idempotencyKey)
	if id != "" {
		options = append(options, dlq.WithSourceID(id))
	} else {
		id = valueOf(md, callKey)
	}
	key := method + " " + id
	switch {
	case id == "":
		return options
	case len(key) > maxID:
		key = id
	}
	return append(options, dlq.WithDedupKey(key))
}

// valueOf returns the first value that is not too long, or an empty text.
func valueOf(md metadata.MD, name string) string {
	for _, value := range md.Get(name) {
		if text := strings.ToValidUTF8(value, "\uFFFD"); len(text) <= maxID {
			return text
		}
	}
	return ""
}
