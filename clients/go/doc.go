// Package dlq sends messages that a service failed to process to the DLQ service, and works on them
// when their retries are due.
//
// A [Client] hands over what could not be processed, from the very place where that was noticed:
//
//	client, err := dlq.New("localhost:50051", dlq.WithService("shop"))
//	...
//	if err := charge(ctx, order); err != nil {
//		result, err := client.Send(ctx, "orders", order, err, dlq.WithSourceID(order.ID))
//		...
//	}
//
// What can't be sent in time is kept in a file of this machine, and delivered when the service is back.
//
// A [Worker] processes what is due, until its context ends:
//
//	err := client.Worker([]string{"orders"}).Run(ctx, func(ctx context.Context, d *dlq.Delivery) error {
//		return charge(ctx, d.Payload)
//	})
//
// The generated stubs are in package dlqv1; [Client.Stubs] and [Client.Admin] give them with the
// credentials of the client.
package dlq
