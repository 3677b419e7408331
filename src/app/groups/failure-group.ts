import { encodeGroupDescription } from "../../codec/group.ts";
import { type Fingerprint, fingerprintOf } from "../../core/fingerprint/fingerprint.ts";
import type { Reason } from "../../core/reason.ts";
import type { FailureGroup } from "../../store/contract.ts";
import type { FailureRecord } from "../commands.ts";

/** Returns the group of a failure. `hidesMessage`: its description leaves out the message, which may quote hidden values. */
export type GroupOf = (
  failure: FailureRecord,
  reason: Reason,
  hidesMessage: boolean,
) => FailureGroup;

/** Failures that are remembered, and the most characters of one. */
const REMEMBERED = 1_000;
const REMEMBERED_CHARS = 4_096;
/** Longer codes are no part of a fingerprint. */
const CODE_CHARS = 65;

/** Remembers the latest failures: when something is down, the same failure comes again and again. */
export function createGroupOf(): GroupOf {
  const remembered = new Map<string, Fingerprint>();

  function fingerprint(failure: FailureRecord, reason: Reason): Fingerprint {
    const { type, message, stackTrace, fingerprint: own, attributes } = failure;
    const chars = type.length + message.length + stackTrace.length + own.length;
    if (chars > REMEMBERED_CHARS) return fingerprintOf(failure, reason, own);
    const { grpcCode = "", httpStatus = "" } = failure;
    const { code = "", sqlstate = "" } = attributes;
    const codes = [grpcCode, httpStatus, code.slice(0, CODE_CHARS), sqlstate.slice(0, CODE_CHARS)];
    const key = [reason, own, type, ...codes, message, stackTrace].join("\0");
    let found = remembered.get(key);
    if (found === undefined) {
      found = fingerprintOf(failure, reason, own);
      if (remembered.size >= REMEMBERED) remembered.clear();
      remembered.set(key, found);
    }
    return found;
  }

  return (failure, reason, hidesMessage) => {
    const { digest, parts } = fingerprint(failure, reason);
    const shown = hidesMessage ? { ...parts, message: "" } : parts;
    return { digest, describe: () => encodeGroupDescription(shown) };
  };
}
