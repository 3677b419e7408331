import { encodeGroupDescription } from "../../codec/group.ts";
import { fingerprintOf } from "../../core/fingerprint/fingerprint.ts";
import type { Reason } from "../../core/reason.ts";
import type { FailureGroup } from "../../store/contract.ts";
import type { FailureRecord } from "../commands.ts";

/** Returns the group of a failure. */
export type GroupOf = (failure: FailureRecord, reason: Reason) => FailureGroup;

/** Failures that are remembered, and the most characters of one. */
const REMEMBERED = 1_000;
const REMEMBERED_CHARS = 4_096;

/** Remembers the latest failures: when something is down, the same failure comes again and again. */
export function createGroupOf(): GroupOf {
  const remembered = new Map<string, FailureGroup>();
  return (failure, reason) => {
    const { type, message, stackTrace, fingerprint, grpcCode = "", httpStatus = "" } = failure;
    const chars = type.length + message.length + stackTrace.length + fingerprint.length;
    if (chars > REMEMBERED_CHARS) return groupOf(failure, reason);
    const key = [reason, fingerprint, type, grpcCode, httpStatus, message, stackTrace].join("\0");
    let group = remembered.get(key);
    if (group === undefined) {
      group = groupOf(failure, reason);
      if (remembered.size >= REMEMBERED) remembered.clear();
      remembered.set(key, group);
    }
    return group;
  };
}

function groupOf(failure: FailureRecord, reason: Reason): FailureGroup {
  const { digest, parts } = fingerprintOf(failure, reason, failure.fingerprint);
  return { digest, describe: () => encodeGroupDescription(parts) };
}
