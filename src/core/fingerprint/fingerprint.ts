import type { UncategorizedFailure } from "../categorize.ts";
import type { Reason } from "../reason.ts";
import { applicationFrame } from "./application-frame.ts";
import { digestOf } from "./digest.ts";
import { normaliseMessage } from "./normalise-message.ts";
import { typeWithCodes } from "./type-with-codes.ts";

/** The version of the algorithm. It is part of the digest, so that a new version leaves groups alone. */
export const FINGERPRINT_VERSION = 1;

/** A failure as reported. */
export interface FailureToGroup extends Omit<UncategorizedFailure, "reasonNumber"> {
  /** As the runtime prints it. Empty: none. */
  readonly stackTrace: string;
}

export interface FingerprintParts {
  /** The sender's own fingerprint. If there is one, the digest is formed of it alone. */
  readonly own?: string;
  readonly reason: Reason;
  /** The type of the failure, with its status or code in brackets. */
  readonly type: string;
  /** The normalised message. */
  readonly message: string;
  /** The top application frame, such as "billing/charge.py in charge". Empty: the stack trace has none. */
  readonly frame: string;
}

export interface Fingerprint {
  /** 16 bytes: the version of the algorithm, and a digest of the parts. Equal for failures that are alike. */
  readonly digest: Uint8Array;
  /** What the digest is formed of, for people. */
  readonly parts: FingerprintParts;
}

/**
 * Returns the fingerprint of a failure. Reads a bounded part of huge texts.
 *
 * @param reason as categorized
 * @param own the sender's own fingerprint, which wins. Empty: none.
 */
export function fingerprintOf(failure: FailureToGroup, reason: Reason, own: string): Fingerprint {
  const type = typeWithCodes(failure);
  const message = normaliseMessage(failure.message);
  const frame = applicationFrame(failure.stackTrace);
  if (own !== "") {
    return { digest: versioned(`own\n${own}`), parts: { own, reason, type, message, frame } };
  }
  // No part but the message may contain a line break, and it is last.
  const digest = versioned(`${reason}\n${type}\n${frame}\n${message}`);
  return { digest, parts: { reason, type, message, frame } };
}

function versioned(text: string): Uint8Array {
  const digest = digestOf(text);
  digest[0] = FINGERPRINT_VERSION;
  return digest;
}
