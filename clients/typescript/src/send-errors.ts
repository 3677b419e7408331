// Errors of dropped sends: why it was dropped, and what to do.

import { type Code, ConnectError } from "@connectrpc/connect";
import { callErrorText, unansweredReason } from "./call-error.ts";
import { oneLine, textOf } from "./error-chain.ts";
import { DlqClientError } from "./errors.ts";
import type { Coalesce } from "./options.ts";
import type { PendingSend } from "./pending-send.ts";
import type { SendRequest } from "./send-request.ts";

/** @param others how many other sends are pending */
export function bufferFullError(
  { bytes }: SendRequest,
  others: number,
  { maxPendingBytes }: Coalesce,
): DlqClientError {
  const message =
    bytes > maxPendingBytes
      ? `it takes ${bytes} bytes, and no more than ${maxPendingBytes} may be pending; store large content elsewhere, or raise coalesce.maxPendingBytes`
      : `${others} sends are pending already; send less at once, or raise coalesce.maxPendingMessages and maxPendingBytes`;
  return new DlqClientError("buffer-full", message);
}

export function spoolFullError(
  send: PendingSend,
  why: "full" | "too-long",
  maxBytes: number,
): DlqClientError {
  const { lastError, maybeStored } = send;
  const failed =
    lastError === undefined ? "" : `, and it was not sent: ${callErrorText(lastError)}`;
  const advice = failed === "" ? "is the server at `url` up? Else" : "fix that, or";
  const message =
    why === "too-long"
      ? `it is longer than 8 MiB, the limit of a record in a spool file${failed}; store large content elsewhere`
      : `the spool has no room for it, its limit is ${maxBytes} bytes${failed}; ${advice} raise spool.maxBytes`;
  const details = { code: codeOf(lastError), cause: lastError, maybeStored };
  return new DlqClientError("spool-full", message, details);
}

/** Not maybe stored: no try can have been sent. */
export function unencodableError(cause: unknown): DlqClientError {
  return new DlqClientError("invalid", `cannot be sent: ${oneLine(textOf(cause))}`, { cause });
}

export function deadlineError(send: PendingSend): DlqClientError {
  const { lastError, maybeStored } = send;
  return new DlqClientError(
    "deadline",
    `not sent in time: ${unansweredReason(lastError)}; keep the message elsewhere, or give a larger timeoutMs`,
    { code: codeOf(lastError), cause: lastError, maybeStored },
  );
}

export function abortedError(signal: AbortSignal, send: PendingSend | undefined): DlqClientError {
  // The spool may send a message that moves there.
  const maybeStored = send !== undefined && (send.maybeStored || send.isMoving);
  const lastError = send?.lastError;
  const message = `the signal of this send aborted${lastFailure(lastError)}`;
  const details = { code: codeOf(lastError), cause: signal.reason, maybeStored };
  return new DlqClientError("aborted", message, details);
}

/** @param send of a message that was only in memory, less is known than of a send */
export function closedError(send: Pick<PendingSend, "lastError" | "maybeStored">): DlqClientError {
  const { lastError, maybeStored } = send;
  const message = `the client was closed before this was sent${lastFailure(lastError)}`;
  const details = { code: codeOf(lastError), cause: lastError, maybeStored };
  return new DlqClientError("closed", message, details);
}

function lastFailure(lastError: unknown): string {
  return lastError === undefined ? "" : `; the last try failed: ${callErrorText(lastError)}`;
}

function codeOf(lastError: unknown): Code | undefined {
  return lastError instanceof ConnectError ? lastError.code : undefined;
}
