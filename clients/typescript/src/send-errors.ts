// Why a send was dropped, and what to do.

import { type Code, ConnectError } from "@connectrpc/connect";
import { refusalOf, whyUnanswered, wordsOf } from "./call-error.ts";
import { textOf } from "./error-chain.ts";
import { DlqClientError } from "./errors.ts";
import type { Letter } from "./letter.ts";
import type { Coalesce } from "./options.ts";
import type { PendingSend } from "./pending-send.ts";

/** @param before how many others are pending */
export function bufferFull(
  { bytes }: Letter,
  before: number,
  { maxPendingBytes }: Coalesce,
): DlqClientError {
  const words =
    bytes > maxPendingBytes
      ? `it takes ${bytes} bytes, and no more than ${maxPendingBytes} may be pending; store large content elsewhere, or raise coalesce.maxPendingBytes`
      : `${before} sends are pending already; send less at once, or raise coalesce.maxPendingMessages and maxPendingBytes`;
  return new DlqClientError("buffer-full", words);
}

/** The spool has no room for a send, now or ever. */
export function notKept(
  send: PendingSend,
  why: "full" | "too-long",
  maxBytes: number,
): DlqClientError {
  const { lastError, maybeStored } = send;
  const failed = lastError === undefined ? "" : `, and it was not sent: ${wordsOf(lastError)}`;
  const first = failed === "" ? "is the server at `url` up? Else" : "mend that, or";
  const words =
    why === "too-long"
      ? `it is longer than the 8 MiB that a record of a spool file has room for${failed}; store large content elsewhere`
      : `the spool has no room for it, its bound is ${maxBytes} bytes${failed}; ${first} raise spool.maxBytes`;
  const details = { code: codeOf(lastError), cause: lastError, maybeStored };
  return new DlqClientError("spool-full", words, details);
}

/** No try can have gone out. */
export function unwritable(cause: unknown): DlqClientError {
  return new DlqClientError("invalid", `can't be sent: ${textOf(cause)}`, { cause });
}

export function refusal(error: ConnectError, send: PendingSend): DlqClientError {
  return refusalOf(error, send.wasMaybeStored);
}

export function late(send: PendingSend): DlqClientError {
  const { lastError, maybeStored } = send;
  return new DlqClientError(
    "deadline",
    `not sent in time: ${whyUnanswered(lastError)}; is the server at \`url\` up? Keep the message elsewhere, or give a larger timeoutMs`,
    { code: codeOf(lastError), cause: lastError, maybeStored },
  );
}

export function aborted(signal: AbortSignal, send: PendingSend | undefined): DlqClientError {
  // What is on its way to the spool is delivered from there.
  const maybeStored = send !== undefined && (send.maybeStored || send.isLeaving);
  const lastError = send?.lastError;
  const words = `the signal of this send aborted${notTaken(lastError)}`;
  const details = { code: codeOf(lastError), cause: signal.reason, maybeStored };
  return new DlqClientError("aborted", words, details);
}

/** @param send what is known of it: all of a send, or less of a letter that was in memory only */
export function closedBefore(send: Pick<PendingSend, "lastError" | "maybeStored">): DlqClientError {
  const { lastError, maybeStored } = send;
  const words = `the client was closed before this was sent${notTaken(lastError)}`;
  const details = { code: codeOf(lastError), cause: lastError, maybeStored };
  return new DlqClientError("closed", words, details);
}

function notTaken(lastError: unknown): string {
  return lastError === undefined ? "" : `; the server had not taken it: ${wordsOf(lastError)}`;
}

function codeOf(lastError: unknown): Code | undefined {
  return lastError instanceof ConnectError ? lastError.code : undefined;
}
