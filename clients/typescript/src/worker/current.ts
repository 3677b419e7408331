import { AsyncLocalStorage } from "node:async_hooks";
import type { Letter } from "../letter.ts";
import { samePayload } from "../payload.ts";
import type { HeldDelivery } from "./delivery.ts";

/** The delivery whose handler runs at present. */
export const currentDelivery = new AsyncLocalStorage<HeldDelivery>();

/** The running delivery if a letter is of the same message: then it is no second message. */
export function sameAsCurrent({ request }: Letter, client: object): HeldDelivery | undefined {
  const held = currentDelivery.getStore();
  if (held === undefined || held.isClosed || held.client !== client) return undefined;
  if (held.queue !== request.queue) return undefined;
  const haveIds = held.sourceId !== "" && request.sourceId !== "";
  const { payload } = request;
  const isSame = haveIds
    ? held.sourceId === request.sourceId
    : payload !== undefined && samePayload(held.payload.raw, payload);
  return isSame ? held : undefined;
}
