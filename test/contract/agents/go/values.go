package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// OrderError is an error type of a user's program.
type OrderError struct {
	text  string
	cause error
}

func (e *OrderError) Error() string {
	if e.cause == nil {
		return e.text
	}
	return e.text + ": " + e.cause.Error()
}

func (e *OrderError) Unwrap() error { return e.cause }

type givenError struct {
	Kind         string      `json:"kind"`
	Code         codes.Code  `json:"code"`
	Message      *string     `json:"message"`
	Cause        *givenError `json:"cause"`
	RetryAfterMs *int64      `json:"retry_after_ms"`
	NonRetryable bool        `json:"non_retryable"`
}

// asError returns the Go error for the error of a command.
func (g *givenError) asError() (error, error) {
	if g == nil {
		return nil, nil
	}
	message := "it broke"
	if g.Message != nil {
		message = *g.Message
	}
	cause, err := g.Cause.asError()
	if err != nil {
		return nil, err
	}
	own := error(&OrderError{message, cause})
	switch {
	case g.RetryAfterMs != nil:
		return dlq.RetryAfter(own, ms(*g.RetryAfterMs)), nil
	case g.NonRetryable:
		return dlq.NonRetryable(own), nil
	}
	switch g.Kind {
	case "", "custom":
		return own, nil
	case "timeout":
		return fmt.Errorf("%s: %w", message, context.DeadlineExceeded), nil
	case "refused":
		refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		return fmt.Errorf("%s: %w", message, refused), nil
	case "grpc":
		return status.Error(g.Code, message), nil
	case "value":
		return &strconv.NumError{Func: "Atoi", Num: message, Err: strconv.ErrSyntax}, nil
	default:
		return nil, fmt.Errorf("unknown kind of error: %s", g.Kind)
	}
}

type givenPayload struct {
	Text   *string         `json:"text"`
	Base64 *string         `json:"base64"`
	JSON   json.RawMessage `json:"json"`
}

func (p givenPayload) value() any {
	switch {
	case p.Text != nil:
		return *p.Text
	case p.Base64 != nil:
		data, _ := base64.StdEncoding.DecodeString(*p.Base64)
		return data
	default:
		return p.JSON
	}
}

func clientOptions(given json.RawMessage) (target string, options []dlq.Option, err error) {
	var o struct {
		Target       string          `json:"target"`
		Token        string          `json:"token"`
		TokenError   string          `json:"token_error"`
		Service      string          `json:"service"`
		TimeoutMs    *int64          `json:"timeout_ms"`
		TryTimeoutMs *int64          `json:"try_timeout_ms"`
		Spool        json.RawMessage `json:"spool"`
		Coalesce     struct {
			MaxDelayMs         *int64 `json:"max_delay_ms"`
			MaxMessages        int    `json:"max_messages"`
			MaxBytes           int    `json:"max_bytes"`
			MaxCalls           int    `json:"max_calls"`
			MaxPendingMessages int    `json:"max_pending_messages"`
			MaxPendingBytes    int    `json:"max_pending_bytes"`
		} `json:"coalesce"`
	}
	if err := json.Unmarshal(given, &o); err != nil {
		return "", nil, err
	}
	if o.Token != "" {
		options = append(options, dlq.WithToken(o.Token))
	}
	if o.TokenError != "" {
		options = append(options, dlq.WithTokenSource(func(context.Context) (string, error) {
			return "", errors.New(o.TokenError)
		}))
	}
	if o.Service != "" {
		options = append(options, dlq.WithService(o.Service))
	}
	if o.TimeoutMs != nil {
		options = append(options, dlq.WithSendTimeout(ms(*o.TimeoutMs)))
	}
	if o.TryTimeoutMs != nil {
		options = append(options, dlq.WithTryTimeout(ms(*o.TryTimeoutMs)))
	}
	c := dlq.Coalescing{
		MaxMessages: o.Coalesce.MaxMessages, MaxBytes: o.Coalesce.MaxBytes, MaxCalls: o.Coalesce.MaxCalls,
		MaxPendingMessages: o.Coalesce.MaxPendingMessages, MaxPendingBytes: o.Coalesce.MaxPendingBytes,
	}
	if o.Coalesce.MaxDelayMs != nil {
		c.MaxDelay = ms(*o.Coalesce.MaxDelayMs)
	}
	options = append(options, dlq.WithCoalescing(c))
	if bytes.Equal(o.Spool, []byte("false")) {
		return o.Target, append(options, dlq.WithoutSpool()), nil
	}
	var spool struct {
		Folder   string `json:"folder"`
		MaxBytes int64  `json:"max_bytes"`
		Sync     bool   `json:"sync"`
	}
	if len(o.Spool) > 0 {
		err = json.Unmarshal(o.Spool, &spool)
	}
	return o.Target, append(options, dlq.WithSpool(dlq.Spool(spool))), err
}

func sendOptions(given json.RawMessage) (options []dlq.SendOption, err error) {
	var o struct {
		SourceID     string            `json:"source_id"`
		DedupKey     string            `json:"dedup_key"`
		OrderingKey  string            `json:"ordering_key"`
		RequestID    string            `json:"request_id"`
		Reason       string            `json:"reason"`
		Fingerprint  string            `json:"fingerprint"`
		ContentType  string            `json:"content_type"`
		Attributes   map[string]string `json:"attributes"`
		Coordinates  map[string]string `json:"coordinates"`
		Priority     int32             `json:"priority"`
		MaxRetries   *uint32           `json:"max_retries"`
		DelayMs      *int64            `json:"delay_ms"`
		TTLMs        *int64            `json:"ttl_ms"`
		TimeoutMs    *int64            `json:"timeout_ms"`
		DueTimeMs    *int64            `json:"due_time_ms"`
		RetryPolicy  *givenPolicy      `json:"retry_policy"`
		TraceContext dlq.TraceContext  `json:"trace_context"`
	}
	if len(given) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(given, &o); err != nil {
		return nil, err
	}
	options = []dlq.SendOption{
		dlq.WithSourceID(o.SourceID), dlq.WithDedupKey(o.DedupKey), dlq.WithOrderingKey(o.OrderingKey),
		dlq.WithRequestID(o.RequestID), dlq.WithReason(dlq.Reason(dlqv1.Reason_value["REASON_"+o.Reason])),
		dlq.WithContentType(o.ContentType), dlq.WithAttributes(o.Attributes), dlq.WithCoordinates(o.Coordinates),
		dlq.WithPriority(o.Priority), dlq.WithTraceContext(o.TraceContext), dlq.WithFingerprint(o.Fingerprint),
	}
	if o.MaxRetries != nil {
		options = append(options, dlq.WithMaxRetries(*o.MaxRetries))
	}
	if o.DelayMs != nil {
		options = append(options, dlq.WithDelay(ms(*o.DelayMs)))
	}
	if o.TTLMs != nil {
		options = append(options, dlq.WithTTL(ms(*o.TTLMs)))
	}
	if o.TimeoutMs != nil {
		options = append(options, dlq.WithTimeout(ms(*o.TimeoutMs)))
	}
	if o.DueTimeMs != nil {
		options = append(options, dlq.WithDueTime(time.UnixMilli(*o.DueTimeMs)))
	}
	if o.RetryPolicy != nil {
		options = append(options, dlq.WithRetryPolicy(o.RetryPolicy.policy()))
	}
	return options, nil
}

type givenPolicy struct {
	Preset         string   `json:"preset"`
	MaxRetries     *uint32  `json:"max_retries"`
	InitialDelayMs *int64   `json:"initial_delay_ms"`
	MaxDelayMs     *int64   `json:"max_delay_ms"`
	Multiplier     *float64 `json:"multiplier"`
	Jitter         string   `json:"jitter"`
}

func (g givenPolicy) policy() *dlq.RetryPolicy {
	policy := &dlq.RetryPolicy{
		Preset: g.Preset, MaxRetries: g.MaxRetries, Multiplier: g.Multiplier,
		Jitter: dlqv1.Jitter(dlqv1.Jitter_value["JITTER_"+strings.ToUpper(g.Jitter)]),
	}
	if g.InitialDelayMs != nil {
		policy.InitialDelay = durationpb.New(ms(*g.InitialDelayMs))
	}
	if g.MaxDelayMs != nil {
		policy.MaxDelay = durationpb.New(ms(*g.MaxDelayMs))
	}
	return policy
}

func resultFields(result dlq.Result, err error) fields {
	values := fields{"status": result.Status}
	var failure *dlq.Error
	switch {
	case errors.As(err, &failure):
		values["error"] = fields{
			"kind": failure.Kind, "maybe_stored": failure.MaybeStored, "message": failure.Error(),
		}
	case result.Status == dlq.StatusSpooled:
		values["durable"] = result.Durable
	case result.Status == dlq.StatusDelivery:
		values["id"] = result.ID
	default:
		values["id"], values["queue"] = result.ID, result.Queue
		values["state"] = strings.TrimPrefix(result.State.String(), "MESSAGE_STATE_")
		values["reason"] = strings.TrimPrefix(result.Reason.String(), "REASON_")
		if !result.DueTime.IsZero() {
			values["due_time_ms"] = result.DueTime.UnixMilli()
		}
		if result.QuarantineReason != 0 {
			values["quarantine_reason"] = strings.TrimPrefix(result.QuarantineReason.String(), "QUARANTINE_REASON_")
		}
	}
	return values
}

func deliveryFields(d *dlq.Delivery) fields {
	payload := fields{"text": d.Payload.Text()}
	if !utf8.Valid(d.Payload.Bytes()) {
		payload = fields{"base64": base64.StdEncoding.EncodeToString(d.Payload.Bytes())}
	}
	attributes := d.Attributes
	if attributes == nil {
		attributes = map[string]string{}
	}
	values := fields{
		"id": d.ID, "queue": d.Queue, "payload": payload, "attributes": attributes, "attempt": d.Attempt,
		"delivery_number": d.DeliveryNumber, "outcome_unknown": d.OutcomeUnknown,
		"source_id": d.SourceID, "ordering_key": d.OrderingKey,
	}
	if d.TraceContext.Traceparent != "" {
		values["trace_context"] = fields{"traceparent": d.TraceContext.Traceparent}
	}
	if failure := d.LatestFailure; failure != nil {
		latest := failureFields(failure)
		latest["reason"] = strings.TrimPrefix(d.Reason.String(), "REASON_")
		values["latest_failure"] = latest
	}
	return values
}

func failureFields(failure *dlqv1.Failure) fields {
	attributes := failure.GetAttributes()
	if attributes == nil {
		attributes = map[string]string{}
	}
	values := fields{
		"type": failure.GetType(), "message": failure.GetMessage(),
		"stack_trace": failure.GetStackTrace(), "attributes": attributes, "fingerprint": failure.GetFingerprint(),
	}
	if failure.GrpcCode != nil {
		values["grpc_code"] = failure.GetGrpcCode()
	}
	if failure.HttpStatus != nil {
		values["http_status"] = failure.GetHttpStatus()
	}
	if failure.GetRetryAfter() != nil {
		values["retry_after_ms"] = failure.GetRetryAfter().AsDuration().Milliseconds()
	}
	return values
}
