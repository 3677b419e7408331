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
import { failureOf } from "../failure.ts";
import { isNonRetryable, retryAfterOf, waitOf } from "../letter.ts";
import { cut } from "../peek.ts";

/** What a delivery's outcome is called. */
export type OutcomeKind = "succeeded" | "failed" | "released" | "quarantined" | "discarded";

/** Longer notes are cut by the server, too; uncut they could spoil the call of many outcomes. */
const NOTE_BYTES = 1024;

type Result = OutcomeMessage["result"];

/** What a handler may return instead of nothing, made by `release`, `quarantine`, `discard`, `fail`. */
export class Outcome {
  readonly kind: OutcomeKind;
  /** Private, so that nothing else is taken for one. */
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
  /** Wait at least this long; replaces the policy's delay. At most 30 days. */
  readonly retryAfterMs?: number | undefined;
  /** Retrying can't help: to quarantine. */
  readonly nonRetryable?: boolean | undefined;
}

const SUCCEEDED = new Outcome("succeeded", { case: "succeeded", value: create(SucceededSchema) });

/** Done: what a handler that returns nothing says. */
export const succeed = (): Outcome => SUCCEEDED;

/** Give it back unprocessed; no attempt is counted. Comes again in 1 s or later, at most 30 days. */
export function release(options: { readonly delayMs?: number | undefined } = {}): Outcome {
  const value = create(ReleasedSchema);
  if (options.delayMs !== undefined) value.delay = waitOf("delayMs", options.delayMs);
  return new Outcome("released", { case: "released", value });
}

/** To quarantine, whatever the policy says. */
export function quarantine(note = ""): Outcome {
  const value = create(QuarantinedSchema, { note: cut(note, NOTE_BYTES) });
  return new Outcome("quarantined", { case: "quarantined", value });
}

/** Drop it without success. */
export function discard(note = ""): Outcome {
  const value = create(DiscardedSchema, { note: cut(note, NOTE_BYTES) });
  return new Outcome("discarded", { case: "discarded", value });
}

/** The attempt failed, as if `error` had been thrown. */
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
