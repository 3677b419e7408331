import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ExtendLeaseRequest,
  type ExtendLeaseResponse,
  ExtendLeaseResponseSchema,
  ExtendLeaseResultSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { ExtendCommand, ExtendOutcome } from "../../app/commands.ts";
import type { DlqError } from "../../core/errors.ts";
import { decodeLeaseToken, encodeLeaseToken } from "../../core/lease-token.ts";
import { parseMessageId } from "../../core/message-id.ts";
import { LIMITS } from "../../core/settings.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { ACK_STATUS_NUMBERS } from "./states.ts";
import { readDurationMs } from "./time.ts";
import { checkCount, Violations } from "./violations.ts";

export function readExtend(request: ExtendLeaseRequest): ExtendCommand {
  const v = new Violations();
  const { leaseTokens, sessionId } = request;
  const { leaseMinMs, leaseMaxMs } = LIMITS;
  const leaseMs = readDurationMs(
    v,
    "lease_duration",
    request.leaseDuration,
    leaseMinMs,
    leaseMaxMs,
  );
  if (sessionId !== "" && leaseTokens.length > 0) {
    v.add("session_id", "contradicts lease_tokens: give the tokens or the session, not both");
  } else if (sessionId === "" && leaseTokens.length === 0) {
    v.add("lease_tokens", "is empty; give lease_tokens, or a session_id for all of its leases");
  } else if (sessionId === "") {
    checkCount(v, "lease_tokens", leaseTokens.length, 1, WIRE_LIMITS.items);
  } else {
    checkSession(v, "session_id", sessionId);
  }
  v.throwIfAny();
  return sessionId === ""
    ? { tokens: leaseTokens.map(decodeLeaseToken), leaseMs }
    : { sessionId, leaseMs };
}

/** Session ids have the form of message ids. */
export function checkSession(v: Violations, field: string, sessionId: string): void {
  if (parseMessageId(sessionId) === undefined) {
    v.add(
      field,
      "is not a session id of this service; send back the id of the `opened` frame unchanged",
    );
  }
}

const BAD_TOKEN =
  "is not a lease token of this service; send back the token of the delivery unchanged";

/** `detailOf` returns the detail of an error. */
export function writeExtend(
  request: ExtendLeaseRequest,
  outcomes: readonly ExtendOutcome[],
  detailOf: (error: DlqError) => string,
): ExtendLeaseResponse {
  const response = create(ExtendLeaseResponseSchema);
  response.results = outcomes.map((outcome, index) => {
    const result = create(ExtendLeaseResultSchema);
    result.leaseToken =
      request.leaseTokens[index] ??
      (outcome.token === undefined ? "" : encodeLeaseToken(outcome.token));
    result.status = ACK_STATUS_NUMBERS[outcome.status];
    result.shouldStop = outcome.shouldStop;
    if (outcome.status === "INVALID") result.detail = BAD_TOKEN;
    if (outcome.error !== undefined) result.detail = detailOf(outcome.error);
    if (outcome.leaseExpireAtMs !== undefined) {
      result.leaseExpireTime = timestampFromMs(outcome.leaseExpireAtMs);
    }
    return result;
  });
  return response;
}
