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
import { textOf } from "../error-chain.ts";
import { failureOf, fingerprintOf, isNonRetryable, retryAfterOf, waitOf } from "../failure.ts";
import { type OptionNames, requireKnown } from "../option-checks.ts";
import { cut, safeRead, safeText } from "../safe-read.ts";

/** The kind of an outcome. */
export type OutcomeKind = "succeeded" | "failed" | "released" | "quarantined" | "discarded";

/** The server's limit of a note. Uncut notes could make a call of many outcomes too large. */
const NOTE_BYTES = 1024;
const HINT =
  "return nothing, or call succeed, release, quarantine, discard or fail and return that";

type Result = OutcomeMessage["result"];

/** The same in all installed copies of this package: a worker of one takes the outcomes of another. */
const RESULT: unique symbol = Symbol.for("dlq-client.outcome");

/** A result that a handler may return, made by `succeed`, `release`, `quarantine`, `discard` or `fail`. */
export class Outcome {
  readonly kind: OutcomeKind;
  /** For this package only. No other object is assignable to this class. */
  readonly [RESULT]: unknown;
  /** What the handler threw, or gave to `fail`. @internal */
  readonly error: unknown;

  /** @internal */
  constructor(kind: OutcomeKind, result: Result, error?: unknown) {
    this.kind = kind;
    this.error = error;
    this[RESULT] = result;
  }
}

/**
 * Reads what a handler returned: undefined for nothing.
 *
 * @throws TypeError for any other value, because it may say that the message was not processed
 * @internal
 */
export function outcomeOf(returned: unknown): Outcome | undefined {
  if (returned === undefined || returned === null) return undefined;
  if (typeof returned === "object" && RESULT in returned) return returned as Outcome;
  throw new TypeError(`the handler returned ${describe(returned)}, which is no outcome; ${HINT}`);
}

/**
 * Reads what a batch handler returned, as one for each of `count` deliveries.
 *
 * @throws TypeError for a list of another length, or a value that is no outcome
 * @internal
 */
export function outcomesOf(returned: unknown, count: number): readonly (Outcome | undefined)[] {
  if (!Array.isArray(returned)) return Array(count).fill(outcomeOf(returned));
  if (returned.length === count) return returned.map(outcomeOf);
  throw new TypeError(`the handler returned ${returned.length} outcomes for ${count} deliveries`);
}

/** Without the value itself, which may be a secret. */
function describe(returned: unknown): string {
  if (typeof returned === "function") return `the function ${returned.name}`;
  const type =
    typeof returned === "object" ? safeText(safeRead(returned, "constructor"), "name") : "";
  return `a value of type ${type || typeof returned}`;
}

/** Options of {@link release}. */
export interface ReleaseOptions {
  readonly delayMs?: number | undefined;
}

/** Options of {@link fail}. */
export interface FailOptions {
  /** Replaces the delay of the retry policy. At most 30 days. */
  readonly retryAfterMs?: number | undefined;
  /** Quarantines the message: a retry cannot help. */
  readonly nonRetryable?: boolean | undefined;
  /** As that of a send: failures with the same one are one group. Up to 256 bytes; a longer one is cut. */
  readonly fingerprint?: string | undefined;
}

const FAIL_OPTIONS: OptionNames<FailOptions> = {
  retryAfterMs: true,
  nonRetryable: true,
  fingerprint: true,
};
const RELEASE_OPTIONS: OptionNames<ReleaseOptions> = { delayMs: true };
const SUCCEEDED = new Outcome("succeeded", { case: "succeeded", value: create(SucceededSchema) });

/** The message is done, as if the handler returned nothing. */
export const succeed = (): Outcome => SUCCEEDED;

/** Gives the message back. No attempt is counted. It comes again after `delayMs`: 1 s to 30 days. */
export function release(options: ReleaseOptions = {}): Outcome {
  requireKnown("release", options, RELEASE_OPTIONS);
  const value = create(ReleasedSchema);
  if (options.delayMs !== undefined) value.delay = waitOf("delayMs", options.delayMs);
  return new Outcome("released", { case: "released", value });
}

/** Quarantines the message, independent of the retry policy. */
export function quarantine(note = ""): Outcome {
  const value = create(QuarantinedSchema, { note: cut(textOf(note), NOTE_BYTES) });
  return new Outcome("quarantined", { case: "quarantined", value });
}

/** Removes the message without success. */
export function discard(note = ""): Outcome {
  const value = create(DiscardedSchema, { note: cut(textOf(note), NOTE_BYTES) });
  return new Outcome("discarded", { case: "discarded", value });
}

/** Fails the attempt, as if the handler threw `error`. */
export function fail(error: unknown, options: FailOptions = {}): Outcome {
  requireKnown("fail", options, FAIL_OPTIONS);
  const failure = failureOf(error);
  if (options.fingerprint != null) failure.fingerprint = fingerprintOf(options.fingerprint);
  return failedWith(
    error,
    failure,
    options.retryAfterMs ?? retryAfterOf(error),
    options.nonRetryable ?? isNonRetryable(error),
  );
}

/** @internal */
export function failedWith(
  error: unknown,
  failure: Failure,
  retryAfterMs: number | undefined,
  nonRetryable: boolean,
): Outcome {
  const value = create(FailedSchema);
  value.failure = failure;
  if (retryAfterMs !== undefined) value.retryAfter = waitOf("retryAfterMs", retryAfterMs);
  value.nonRetryable = nonRetryable;
  return new Outcome("failed", { case: "failed", value }, error);
}

/** @internal */
export function resultOf(outcome: Outcome): Result {
  return outcome[RESULT] as Result;
}

/** Returns the type of the failure; undefined if there is none. @internal */
export function errorTypeOf(outcome: Outcome): string | undefined {
  const { case: kind, value } = resultOf(outcome);
  return kind === "failed" ? value.failure?.type : undefined;
}

/** @internal */
export function outcomeMessage(leaseToken: string, outcome: Outcome): OutcomeMessage {
  const message = create(OutcomeSchema);
  message.leaseToken = leaseToken;
  message.result = resultOf(outcome);
  return message;
}
