// Sends an order that could not be charged. The service must run.

// [producer]
import { createDlqClient } from "dlq-client";

// [/producer]
interface Order {
  readonly id: number;
  readonly amount: number;
}

async function charge({ id }: Order): Promise<void> {
  throw new Error(`bank.example did not answer within 5 s: order ${id}`);
}

// [producer]
const dlq = createDlqClient({ url: "http://localhost:50051" });
const order = { id: 17, amount: 100 };
try {
  await charge(order);
} catch (error) {
  const result = await dlq.send("orders", order, error);
  console.log(result.status);
}
await dlq.close();
// [/producer]
