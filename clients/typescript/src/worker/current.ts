import { AsyncLocalStorage } from "node:async_hooks";
import { samePayload } from "../payload.ts";
import type { SendRequest } from "../send-request.ts";
import type { HeldDelivery } from "./delivery.ts";

/** The delivery whose handler is running. */
export const currentDelivery = new AsyncLocalStorage<HeldDelivery>();

/** Returns the running delivery if the request is for its message: then it is not a new message. */
export function currentDeliveryOf({ wire }: SendRequest, client: object): HeldDelivery | undefined {
  const held = currentDelivery.getStore();
  if (held === undefined || held.isClosed || held.client !== client) return undefined;
  if (held.queue !== wire.queue) return undefined;
  const haveIds = held.sourceId !== "" && wire.sourceId !== "";
  const { payload } = wire;
  const isSame = haveIds
    ? held.sourceId === wire.sourceId
    : payload !== undefined && samePayload(held.payload.raw, payload);
  return isSame ? held : undefined;
}
