package dlq

import (
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

// Status says what happened to a send. Later versions may add a status; a new one means that the message is kept.
type Status string

const (
	// StatusSent means that the service has the message.
	StatusSent Status = "sent"
	// StatusJoined means that the service has the message, as a further failure of an earlier message, or
	// already from an earlier try.
	StatusJoined Status = "joined"
	// StatusSpooled means that this machine has the message and sends it when the service is back.
	StatusSpooled Status = "spooled"
	// StatusDelivery means that the message is the one of the running handler, and the failure becomes the
	// outcome of its delivery.
	StatusDelivery Status = "delivery"
	// StatusDropped means that the message was not stored, or that its fate is unknown. The error says why.
	StatusDropped Status = "dropped"
)

// Result is the result of a send. Fields that do not apply to the status are zero.
type Result struct {
	Status Status
	// ID is the id of the message, or of the message that it joined. It is empty if a routing rule dropped the
	// message, or if the service had the send already and has forgotten its result.
	ID    string
	State State
	// Reason is the reason of the send, or what the server derived from the error.
	Reason Reason
	// DueTime is the time of the next retry. It is zero if there is none.
	DueTime time.Time
	// QuarantineReason is set for a quarantined message.
	QuarantineReason QuarantineReason
	// Queue is the queue of the message. A routing rule may have changed it.
	Queue string
	// Durable is false for a spooled message that is in memory only. It is lost if the process ends.
	Durable bool
}

// Kept reports whether the service or the disk has the message, so that the caller need not keep it.
func (r Result) Kept() bool {
	switch r.Status {
	case StatusDropped:
		return false
	case StatusSpooled:
		return r.Durable
	default:
		return r.Status != ""
	}
}

// resultFrom returns the result of an accepted send. queue is that of the request.
func resultFrom(response *dlqv1.SendToDlqResponse, queue string) Result {
	result := Result{
		Status:           StatusSent,
		ID:               response.GetId(),
		State:            response.GetState(),
		Reason:           response.GetReason(),
		QuarantineReason: response.GetQuarantineReason(),
		Queue:            response.GetQueue(),
	}
	if response.GetDuplicate() {
		result.Status = StatusJoined
	}
	if result.Queue == "" {
		result.Queue = queue
	}
	if due := response.GetDueTime(); due != nil {
		result.DueTime = due.AsTime()
	}
	return result
}
