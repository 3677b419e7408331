import type { RuleFacts } from "../../src/rules/facts.ts";

type Part<T> = { [K in keyof T]?: T[K] };

/** A failed webhook as rules see it. Parts can be replaced. */
export function factsWith(
  message: Part<RuleFacts["message"]> = {},
  failure: Part<RuleFacts["failure"]> = {},
  attempts?: number,
): RuleFacts {
  return {
    message: {
      queue: "orders",
      sourceId: "order-17",
      orderingKey: "customer-4",
      priority: 5,
      attributes: { host: "a.example", region: "eu" },
      payloadBytes: 2048,
      contentType: "application/json",
      origin: {
        service: "shop",
        instance: "shop-1",
        version: "1.2.0",
        coordinates: { topic: "orders", partition: "3" },
      },
      ...message,
    },
    failure: {
      reason: "WEBHOOK_FAILED",
      type: "HttpError",
      message: "503 Service Unavailable from a.example",
      httpStatus: 503,
      attributes: { host: "a.example" },
      ...failure,
    },
    ...(attempts !== undefined && { attempts }),
  };
}
