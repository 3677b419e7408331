import type { UncategorizedFailure } from "../categorize.ts";
import type { Reason } from "../reason.ts";
import { applicationFrame } from "./application-frame.ts";
import { normaliseMessage } from "./normalise-message.ts";
import { typeWithCodes, typeWithoutCodes } from "./type-with-codes.ts";

/** The version of the algorithm. It is part of the fingerprint, so that a new version leaves groups alone. */
export const FINGERPRINT_VERSION = 1;

/** A failure as reported. */
export interface FailureToGroup extends Omit<UncategorizedFailure, "reasonNumber"> {
  /** As the runtime prints it. Empty: none. */
  readonly stackTrace: string;
}

export interface FingerprintParts {
  /** The sender's own fingerprint. If there is one, the digest is formed of it alone. */
  readonly fingerprint?: string;
  readonly reason: Reason;
  /** The type of the failure, with its status or code in brackets. */
  readonly type: string;
  /** The normalised message. */
  readonly message: string;
  /** The top application frame, such as "billing/charge.py in charge". Empty: the stack trace has none. */
  readonly frame: string;
}

/** Leaves out what may quote the message or its attributes: all but the reason and the type. */
export function withoutQuotes({ reason, type }: FingerprintParts): FingerprintParts {
  return { reason, type: typeWithoutCodes(type), message: "", frame: "" };
}

export interface Fingerprint {
  /** Equal for failures that are alike; begins with the version of the algorithm. */
  readonly text: string;
  /** What it is formed of, for people. */
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
    const text = `${FINGERPRINT_VERSION}\nown\n${own}`;
    return { text, parts: { fingerprint: own, reason, type, message, frame } };
  }
  // No part but the message may contain a line break, and it is last.
  const text = `${FINGERPRINT_VERSION}\n${reason}\n${type}\n${frame}\n${message}`;
  return { text, parts: { reason, type, message, frame } };
}
