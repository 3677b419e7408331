import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Breaker,
  BreakerSchema,
  type ReleaseOrderingKeyRequest,
  type ResetBreakerRequest,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { OpenBreaker } from "../../app/queues/delivery-block-admin.ts";
import { cutKey } from "../../core/delivery-settings.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { BREAKER_NUMBERS } from "./states.ts";
import { checkQueue, checkText, Violations } from "./violations.ts";

export function readReset(request: ResetBreakerRequest): { queue: string; key: string } {
  const v = new Violations();
  checkQueue(v, "queue", request.queue);
  checkText(v, "key", request.key, WIRE_LIMITS.attributes.valueBytes);
  v.throwIfAny();
  // Cut as in the store, so that the attribute's whole value works too.
  return { queue: request.queue, key: cutKey(request.key) };
}

export function readRelease(request: ReleaseOrderingKeyRequest) {
  const { queue, orderingKey } = request;
  const v = new Violations();
  checkQueue(v, "queue", queue);
  checkText(v, "ordering_key", orderingKey, WIRE_LIMITS.identityBytes);
  if (orderingKey === "") v.add("ordering_key", "is empty; name the key to release");
  v.throwIfAny();
  return { queue, orderingKey };
}

export function writeBreaker(breaker: OpenBreaker): Breaker {
  const { key, state, openSinceMs, retryAtMs, openedCount } = breaker;
  return create(BreakerSchema, {
    key,
    state: BREAKER_NUMBERS[state],
    openSince: timestampFromMs(openSinceMs),
    openedCount,
    ...(retryAtMs === undefined ? {} : { retryTime: timestampFromMs(retryAtMs) }),
  });
}
