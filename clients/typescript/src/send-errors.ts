// Why a send was dropped, and what to do.

import { ConnectError } from "@connectrpc/connect";
import { refusalOf, wordsOf } from "./call-error.ts";
import { textOf } from "./error-chain.ts";
import { DlqClientError } from "./errors.ts";
import type { PendingSend } from "./pending-send.ts";

export function bufferFull(pending: number): DlqClientError {
  return new DlqClientError(
    "buffer-full",
    `${pending} sends are pending already; send less at once, or raise coalesce.maxPendingMessages and maxPendingBytes`,
  );
}

export function spoolFull(send: PendingSend, maxBytes: number): DlqClientError {
  const { lastError, maybeStored } = send;
  const words = `the spool has no room for it, its bound is ${maxBytes} bytes; is the server at \`url\` up? Else raise spool.maxBytes`;
  return new DlqClientError("spool-full", words, { cause: lastError, maybeStored });
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
  const why = lastError === undefined ? "the server did not answer" : wordsOf(lastError);
  const code = lastError instanceof ConnectError ? lastError.code : undefined;
  return new DlqClientError(
    "deadline",
    `not sent in time: ${why}; is the server at \`url\` up? Keep the message elsewhere, or give a larger timeoutMs`,
    { code, cause: lastError, maybeStored },
  );
}

export function aborted(signal: AbortSignal, send: PendingSend | undefined): DlqClientError {
  // What is on its way to the spool is delivered from there.
  const maybeStored = send !== undefined && (send.maybeStored || send.isLeaving);
  const details = { cause: signal.reason, maybeStored };
  return new DlqClientError("aborted", "the signal of this send aborted", details);
}
