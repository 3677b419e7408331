// Package dlq sends messages that could not be processed to the DLQ service, and processes them again when
// their retries are due.
//
// A [Client] sends a message where its processing failed:
//
//	client, err := dlq.New("localhost:50051", dlq.WithService("shop"))
//	...
//	if err := charge(ctx, order); err != nil {
//		result, err := client.Send(ctx, "orders", order, err, dlq.WithSourceID(order.ID))
//		...
//	}
//
// Messages that can't be sent in time are stored on disk, and sent when the service is back.
//
// A [Worker] processes due messages until its context ends:
//
//	err := client.Worker([]string{"orders"}).Run(ctx, func(ctx context.Context, d *dlq.Delivery) error {
//		return charge(ctx, d.Payload)
//	})
//
// Package dlqv1 has the generated stubs. [Client.Stubs] and [Client.Admin] return them with the credentials
// of the client.
package dlq
