import { createHash } from "node:crypto";
import { encodeGroupDescription } from "../../codec/group.ts";
import {
  FINGERPRINT_VERSION,
  type FingerprintParts,
  fingerprintOf,
  withoutQuotes,
} from "../../core/fingerprint/fingerprint.ts";
import type { Reason } from "../../core/reason.ts";
import type { FailureGroup } from "../../store/contract.ts";
import type { FailureRecord } from "../commands.ts";

/** Returns the group of a failure. `isHidden`: its description leaves out what may quote hidden values. */
export type GroupOf = (failure: FailureRecord, reason: Reason, isHidden: boolean) => FailureGroup;

/** Failures that are remembered, and the most characters of one. */
const REMEMBERED = 1_000;
const REMEMBERED_CHARS = 4_096;
/** Longer codes are no part of a fingerprint. */
const CODE_CHARS = 65;

/** Remembers the latest failures: when something is down, the same failure comes again and again. */
export function createGroupOf(): GroupOf {
  const remembered = new Map<string, Grouped>();
  let latest: { facts: Facts; found: Grouped } | undefined;

  function grouped(failure: FailureRecord, reason: Reason): Grouped {
    const facts = factsOf(failure, reason);
    if (latest !== undefined && isEqual(latest.facts, facts)) return latest.found;
    const { type, message, stackTrace, own } = facts;
    const chars = type.length + message.length + stackTrace.length + own.length;
    if (chars > REMEMBERED_CHARS) return groupedBy(failure, reason);
    const key = Object.values(facts).join("\0");
    let found = remembered.get(key);
    if (found === undefined) {
      found = groupedBy(failure, reason);
      if (remembered.size >= REMEMBERED) remembered.clear();
      remembered.set(key, found);
    }
    latest = { facts, found };
    return found;
  }

  return (failure, reason, isHidden) => {
    const { digest, parts } = grouped(failure, reason);
    const shown = isHidden ? withoutQuotes(parts) : parts;
    return { digest, describe: () => encodeGroupDescription(shown) };
  };
}

/** All of which a fingerprint is formed. */
type Facts = ReturnType<typeof factsOf>;

function factsOf(failure: FailureRecord, reason: Reason) {
  const { type, message, stackTrace, fingerprint: own, attributes } = failure;
  const { grpcCode = "", httpStatus = "" } = failure;
  const { code = "", sqlstate = "" } = attributes;
  return {
    reason,
    own,
    type,
    grpcCode,
    httpStatus,
    code: code.slice(0, CODE_CHARS),
    sqlstate: sqlstate.slice(0, CODE_CHARS),
    message,
    stackTrace,
  };
}

function isEqual(a: Facts, b: Facts): boolean {
  return (
    a.message === b.message &&
    a.stackTrace === b.stackTrace &&
    a.type === b.type &&
    a.own === b.own &&
    a.reason === b.reason &&
    a.grpcCode === b.grpcCode &&
    a.httpStatus === b.httpStatus &&
    a.code === b.code &&
    a.sqlstate === b.sqlstate
  );
}

interface Grouped {
  digest: Uint8Array;
  parts: FingerprintParts;
}

const DIGEST_BYTES = 16;

/** A cryptographic digest: a sender must not find a failure with the digest of another group. */
function groupedBy(failure: FailureRecord, reason: Reason): Grouped {
  const { text, parts } = fingerprintOf(failure, reason, failure.fingerprint);
  const digest = createHash("sha256").update(text).digest().subarray(0, DIGEST_BYTES);
  digest[0] = FINGERPRINT_VERSION;
  return { digest: Uint8Array.from(digest), parts };
}
