package dlq

import (
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

// Status says what became of a send. Later versions may add one that means "kept".
type Status string

const (
	// StatusSent: the service has it.
	StatusSent Status = "sent"
	// StatusJoined: the service has it, as one more failure of an earlier message, or had it already.
	StatusJoined Status = "joined"
	// StatusSpooled: this machine has it, and delivers it when the service is back.
	StatusSpooled Status = "spooled"
	// StatusDelivery: it is the message that the running handler works on, and the failure is the outcome
	// of that delivery.
	StatusDelivery Status = "delivery"
	// StatusDropped: nobody has it, or nobody knows; the error beside it says why.
	StatusDropped Status = "dropped"
)

// Result says what became of a send. Fields that its status does not have are zero.
type Result struct {
	Status Status
	// ID is the message's; of the message that it joined, if it did.
	ID    string
	State State
	// Reason as given, or as the server read it from the error.
	Reason Reason
	// DueTime is when the next retry is due, if one is.
	DueTime time.Time
	// QuarantineReason is why it went to quarantine, if it did.
	QuarantineReason QuarantineReason
	// Queue is where it is: that of the send, unless a routing rule has chosen another one.
	Queue string
	// Durable is false for a spooled message that is in memory only, and lost with the process.
	Durable bool
}

// Kept says whether whoever called need not keep the message himself. In the memory of this process it is
// not safer than with him.
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

// Pending is a send whose result may not be there yet.
type Pending struct{ send *pendingSend }

func ended(result Result, err *Error) *Pending {
	p := &pendingSend{done: make(chan struct{}), result: result, err: err}
	close(p.done)
	return &Pending{p}
}

// Done is closed once there is a result.
func (p *Pending) Done() <-chan struct{} { return p.send.done }

// Result waits for what [Client.Send] gives. It always comes, within the timeout of the send.
func (p *Pending) Result() (Result, error) {
	<-p.send.done
	if p.send.err != nil {
		return p.send.result, p.send.err
	}
	return p.send.result, nil
}

// storedFrom reads an answer; sentTo is the queue of the request.
func storedFrom(response *dlqv1.SendToDlqResponse, sentTo string) Result {
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
		result.Queue = sentTo
	}
	if due := response.GetDueTime(); due != nil {
		result.DueTime = due.AsTime()
	}
	return result
}
