import type { PendingSend } from "./pending-send.ts";
import { spoolFullError, unencodableError } from "./send-errors.ts";
import type { SendRequest } from "./send-request.ts";
import type { SpoolResult } from "./spool/spool-store.ts";

/** The part of a spool that a sender uses. */
export interface SendSpool {
  readonly maxBytes: number;
  /** Never rejects. */
  keep(request: SendRequest): Promise<SpoolResult>;
  /** Logs why messages wait. @param error undefined: no server answered */
  warn(error: unknown): void;
}

/**
 * Moves a send to the spool, unless it is gone already, and sets its result.
 *
 * @param isUnanswered whether the reason is a missing answer, even if no try of this send failed
 */
export function moveToSpool(spool: SendSpool, send: PendingSend, isUnanswered: boolean): void {
  if (send.isGone) return;
  send.isMoving = true;
  void spool.keep(send.request).then((result) => {
    if (result === "full" || result === "too-long")
      send.drop(spoolFullError(send, result, spool.maxBytes));
    else if (typeof result === "object") send.drop(unencodableError(result.unencodable));
    else {
      // Warns before the result is set: the program may end after that.
      const { isSettled, lastError } = send;
      if (!isSettled && (isUnanswered || lastError !== undefined)) spool.warn(lastError);
      send.settle({ status: "spooled", durable: result === "disk" });
    }
  });
}
