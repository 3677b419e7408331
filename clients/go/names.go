package dlq

import "github.com/dlq-service/dlq/clients/go/dlqv1"

// Reason is why a message failed. It decides how the message is retried.
type Reason = dlqv1.Reason

// State is the state of a message.
type State = dlqv1.MessageState

// QuarantineReason is why a message is in quarantine.
type QuarantineReason = dlqv1.QuarantineReason

// RetryPolicy says when and how often a message is retried. Absent fields come from the preset or the queue.
type RetryPolicy = dlqv1.RetryPolicy

// Reasons.
const (
	ReasonUnspecified         = dlqv1.Reason_REASON_UNSPECIFIED
	ReasonValidationFailed    = dlqv1.Reason_REASON_VALIDATION_FAILED
	ReasonExecutionFailed     = dlqv1.Reason_REASON_EXECUTION_FAILED
	ReasonTimeout             = dlqv1.Reason_REASON_TIMEOUT
	ReasonResourceExhausted   = dlqv1.Reason_REASON_RESOURCE_EXHAUSTED
	ReasonPluginError         = dlqv1.Reason_REASON_PLUGIN_ERROR
	ReasonWebhookFailed       = dlqv1.Reason_REASON_WEBHOOK_FAILED
	ReasonMaxRetriesExceeded  = dlqv1.Reason_REASON_MAX_RETRIES_EXCEEDED
	ReasonPoisonMessage       = dlqv1.Reason_REASON_POISON_MESSAGE
	ReasonNetworkError        = dlqv1.Reason_REASON_NETWORK_ERROR
	ReasonAuthenticationError = dlqv1.Reason_REASON_AUTHENTICATION_ERROR
	ReasonUnknownError        = dlqv1.Reason_REASON_UNKNOWN_ERROR
)

// States.
const (
	StateScheduled   = dlqv1.MessageState_MESSAGE_STATE_SCHEDULED
	StateInFlight    = dlqv1.MessageState_MESSAGE_STATE_IN_FLIGHT
	StateQuarantined = dlqv1.MessageState_MESSAGE_STATE_QUARANTINED
	StateSucceeded   = dlqv1.MessageState_MESSAGE_STATE_SUCCEEDED
	StateDiscarded   = dlqv1.MessageState_MESSAGE_STATE_DISCARDED
	StateExpired     = dlqv1.MessageState_MESSAGE_STATE_EXPIRED
	StatePurged      = dlqv1.MessageState_MESSAGE_STATE_PURGED
)
