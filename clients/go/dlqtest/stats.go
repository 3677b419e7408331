package dlqtest

import (
	"context"
	"maps"
	"slices"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

// Stats counts the messages of each queue by state. It sets no other fields.
func (f *fakeService) Stats(_ context.Context, r *dlqv1.StatsRequest) (*dlqv1.StatsResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	states := map[string]map[dlq.State]int64{}
	for _, m := range f.messages {
		queue := m.message.GetQueue()
		if states[queue] == nil {
			states[queue] = map[dlq.State]int64{}
		}
		states[queue][m.state]++
	}
	queues := r.GetQueues()
	if len(queues) == 0 {
		queues = slices.Sorted(maps.Keys(states))
	}
	response := &dlqv1.StatsResponse{}
	for _, queue := range queues {
		of := states[queue]
		for _, count := range of {
			response.TotalMessages += count
		}
		response.TotalPoisonMessages += of[dlq.StateQuarantined]
		response.Queues = append(response.Queues, &dlqv1.QueueStats{
			Queue: queue, Scheduled: of[dlq.StateScheduled], InFlight: of[dlq.StateInFlight], Quarantined: of[dlq.StateQuarantined],
		})
	}
	return response, nil
}
