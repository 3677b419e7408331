import { create } from "@bufbuild/protobuf";
import {
  DiscardedSchema,
  FailedSchema,
  type Outcome as OutcomeMessage,
  OutcomeSchema,
  QuarantinedSchema,
  ReleasedSchema,
  SucceededSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { Failure } from "../../../../gen/dlq/v1/failure_pb.ts";
import { failureOf, isNonRetryable, retryAfterOf, waitOf } from "../failure.ts";
import { cut } from "../safe-read.ts";

/** The kind of an outcome. */
export type OutcomeKind = "succeeded" | "failed" | "released" | "quarantined" | "discarded";

/** The server's limit of a note. Uncut notes could make a call of many outcomes too large. */
const NOTE_BYTES = 1024;

type Result = OutcomeMessage["result"];

/** A result that a handler may return, made by `release`, `quarantine`, `discard` or `fail`. */
export class Outcome {
  readonly kind: OutcomeKind;
  /** Private, so that no other object is assignable to this class. */
  readonly #result: Result;

  /** @internal */
  constructor(kind: OutcomeKind, result: Result) {
    this.kind = kind;
    this.#result = result;
  }

  /** @internal */
  get result(): Result {
    return this.#result;
  }
}

/** Options of {@link fail}. */
export interface FailOptions {
  /** Replaces the delay of the retry policy. At most 30 days. */
  readonly retryAfterMs?: number | undefined;
  /** Quarantines the message: a retry cannot help. */
  readonly nonRetryable?: boolean | undefined;
}

const SUCCEEDED = new Outcome("succeeded", { case: "succeeded", value: create(SucceededSchema) });

/** The message is done, as if the handler returned nothing. */
export const succeed = (): Outcome => SUCCEEDED;

/** Gives the message back. No attempt is counted. It comes again after `delayMs`: 1 s to 30 days. */
export function release(options: { readonly delayMs?: number | undefined } = {}): Outcome {
  const value = create(ReleasedSchema);
  if (options.delayMs !== undefined) value.delay = waitOf("delayMs", options.delayMs);
  return new Outcome("released", { case: "released", value });
}

/** Quarantines the message, independent of the retry policy. */
export function quarantine(note = ""): Outcome {
  const value = create(QuarantinedSchema, { note: cut(note, NOTE_BYTES) });
  return new Outcome("quarantined", { case: "quarantined", value });
}

/** Removes the message without success. */
export function discard(note = ""): Outcome {
  const value = create(DiscardedSchema, { note: cut(note, NOTE_BYTES) });
  return new Outcome("discarded", { case: "discarded", value });
}

/** Fails the attempt, as if the handler threw `error`. */
export function fail(error: unknown, options: FailOptions = {}): Outcome {
  return failedWith(
    failureOf(error),
    options.retryAfterMs ?? retryAfterOf(error),
    options.nonRetryable ?? isNonRetryable(error),
  );
}

/** @internal */
export function failedWith(
  failure: Failure,
  retryAfterMs: number | undefined,
  nonRetryable: boolean,
): Outcome {
  const value = create(FailedSchema);
  value.failure = failure;
  if (retryAfterMs !== undefined) value.retryAfter = waitOf("retryAfterMs", retryAfterMs);
  value.nonRetryable = nonRetryable;
  return new Outcome("failed", { case: "failed", value });
}

/** @internal */
export function outcomeMessage(leaseToken: string, outcome: Outcome): OutcomeMessage {
  const message = create(OutcomeSchema);
  message.leaseToken = leaseToken;
  message.result = outcome.result;
  return message;
}
