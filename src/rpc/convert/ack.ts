import { create } from "@bufbuild/protobuf";
import { type Duration, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type AckRequest,
  type AckResponse,
  AckResponseSchema,
  type AckResult,
  AckResultSchema,
  type Outcome,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { AckOutcome, OutcomeCommand } from "../../app/commands.ts";
import type { DlqError } from "../../core/errors.ts";
import { decodeLeaseToken } from "../../core/lease-token.ts";
import { QUARANTINE_REASONS } from "../../core/reason.ts";
import { cutUtf8 } from "../../core/utf8.ts";
import { readFailure } from "./failure.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { ACK_STATUS_NUMBERS, STATE_NUMBERS } from "./states.ts";
import { durationProblem, toMs } from "./time.ts";
import { checkCount, checkRequestId, Violations } from "./violations.ts";

export interface ReadAck {
  requestId: string;
  outcomes: OutcomeCommand[];
}

export function readAck(request: AckRequest): ReadAck {
  const v = new Violations();
  checkRequestId(v, request.requestId);
  checkCount(v, "outcomes", request.outcomes.length, 1, WIRE_LIMITS.items);
  v.throwIfAny();
  return { requestId: request.requestId, outcomes: request.outcomes.map(readOutcome) };
}

/** Each outcome is checked separately: a malformed one must not affect the others. */
function readOutcome({ leaseToken, result }: Outcome): OutcomeCommand {
  const token = decodeLeaseToken(leaseToken);
  if (token === undefined) {
    return malformed("lease_token is not a token of a delivery; send it back unchanged");
  }
  switch (result.case) {
    case "succeeded":
      return { kind: "succeeded", token };
    case "failed": {
      const { failure, retryAfter, nonRetryable } = result.value;
      const problem = delayProblem(retryAfter);
      if (problem !== undefined) return malformed(`failed.retry_after ${problem}`);
      return {
        kind: "failed",
        token,
        failure: readFailure(failure),
        retryAfterMs: retryAfter === undefined ? undefined : toMs(retryAfter),
        nonRetryable,
      };
    }
    case "released": {
      const { delay } = result.value;
      const problem = delayProblem(delay);
      if (problem !== undefined) return malformed(`released.delay ${problem}`);
      return { kind: "released", token, delayMs: delay === undefined ? undefined : toMs(delay) };
    }
    case "quarantined":
    case "discarded":
      return {
        kind: result.case,
        token,
        note: cutUtf8(result.value.note, WIRE_LIMITS.noteBytes),
      };
    default:
      return malformed(
        "has no result; set one of succeeded, failed, released, quarantined and discarded",
      );
  }
}

function delayProblem(delay: Duration | undefined): string | undefined {
  return delay === undefined ? undefined : durationProblem(delay, 0, WIRE_LIMITS.retryDelayMs);
}

function malformed(detail: string): OutcomeCommand {
  return { kind: "invalid", detail };
}

/** `detailOf` returns the detail of an error. */
export function writeAck(
  outcomes: readonly AckOutcome[],
  detailOf: (error: DlqError) => string,
): AckResponse {
  const response = create(AckResponseSchema);
  response.results = outcomes.map((outcome) => writeOutcome(outcome, detailOf));
  return response;
}

function writeOutcome(outcome: AckOutcome, detailOf: (error: DlqError) => string): AckResult {
  const result = create(AckResultSchema);
  result.status = ACK_STATUS_NUMBERS[outcome.status];
  result.detail = outcome.error === undefined ? outcome.detail : detailOf(outcome.error);
  if (outcome.state !== undefined) result.state = STATE_NUMBERS[outcome.state];
  if (outcome.dueAtMs !== undefined) result.dueTime = timestampFromMs(outcome.dueAtMs);
  if (outcome.quarantineReason !== undefined) {
    result.quarantineReason = QUARANTINE_REASONS[outcome.quarantineReason];
  }
  return result;
}
