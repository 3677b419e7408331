import { type CelInput, type CelMap, celMap } from "@bufbuild/cel";
import type { Reason } from "../core/reason.ts";

type StringMap = Readonly<Record<string, string>>;

/** A message as rules see it. Absent strings are "". */
export interface RuleFacts {
  message: {
    queue: string;
    sourceId: string;
    orderingKey: string;
    priority: number;
    attributes: StringMap;
    payloadBytes: number;
    contentType: string;
    origin: { service: string; instance: string; version: string; coordinates: StringMap };
  };
  /** The failure of the send or of the attempt. */
  failure: {
    reason: Reason;
    type: string;
    message: string;
    grpcCode?: number | undefined;
    httpStatus?: number | undefined;
    attributes: StringMap;
  };
  /** Only on failure: failed attempts, including this one. */
  attempts?: number | undefined;
}

/** Converts facts to variables of expressions. Takes a few microseconds, mostly for attributes. */
export function bindingsOf({ attempts, ...facts }: RuleFacts): Record<string, CelInput> {
  const bindings = recordsOf(facts);
  if (attempts !== undefined) bindings.attempts = BigInt(attempts);
  return bindings;
}

/** `more`: fields of the message that rules do not have. */
export function recordsOf(
  { message, failure }: Pick<RuleFacts, "message" | "failure">,
  more: Readonly<Record<string, CelInput>> = {},
): Record<string, CelInput> {
  const { origin } = message;
  return {
    message: record({
      ...more,
      queue: message.queue,
      source_id: message.sourceId,
      ordering_key: message.orderingKey,
      priority: BigInt(message.priority),
      attributes: record(message.attributes),
      payload_bytes: BigInt(message.payloadBytes),
      content_type: message.contentType,
      origin: record({
        service: origin.service,
        instance: origin.instance,
        version: origin.version,
        coordinates: record(origin.coordinates),
      }),
    }),
    failure: record({
      reason: failure.reason,
      type: failure.type,
      message: failure.message,
      ...(failure.grpcCode !== undefined && { grpc_code: BigInt(failure.grpcCode) }),
      ...(failure.httpStatus !== undefined && { http_status: BigInt(failure.httpStatus) }),
      attributes: record(failure.attributes),
    }),
  };
}

export function record(members: Readonly<Record<string, CelInput>>): CelMap {
  return celMap(new Map(Object.entries(members)));
}
