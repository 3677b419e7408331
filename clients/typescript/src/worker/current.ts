import { AsyncLocalStorage } from "node:async_hooks";
import { originalOf } from "../json-text.ts";
import { samePayload } from "../payload.ts";
import type { SendRequest } from "../send-request.ts";
import type { HeldDelivery } from "./delivery.ts";

/** The deliveries whose handler is running. */
export const currentDeliveries = new AsyncLocalStorage<readonly HeldDelivery[]>();

/** Returns the running delivery that is sent, for instance to another queue: itself, its payload, or a copy of one. */
export function forwardedBy(payload: unknown): HeldDelivery | undefined {
  const original = originalOf(payload);
  const running = currentDeliveries.getStore();
  return running?.find((held) => held === original || held.payload === original);
}

/**
 * Returns the running delivery whose message the request is: then it is not a new message. Of equal messages in a
 * batch, each send gets another one.
 */
export function currentDeliveryOf({ wire }: SendRequest, target: string): HeldDelivery | undefined {
  const { queue, sourceId, payload } = wire;
  const isSame = (held: HeldDelivery): boolean => {
    if (held.isClosed || held.isDecided || held.target !== target || held.queue !== queue)
      return false;
    if (held.sourceId !== "" && sourceId !== "") return held.sourceId === sourceId;
    return payload !== undefined && samePayload(held.payload.raw, payload);
  };
  const running = currentDeliveries.getStore();
  return (
    running?.find((held) => held.ownOutcome === undefined && isSame(held)) ?? running?.find(isSame)
  );
}
