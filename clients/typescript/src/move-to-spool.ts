import type { PendingSend } from "./pending-send.ts";
import { spoolFullError, unencodableError } from "./send-errors.ts";
import type { SendRequest } from "./send-request.ts";
import type { Placed } from "./spool/spool-store.ts";

/** The part of a spool that a sender uses. */
export interface SendSpool {
  readonly maxBytes: number;
  /** Never rejects. */
  keep(request: SendRequest): Promise<Placed>;
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
  void spool.keep(send.request).then((placed) => {
    if (placed === "full" || placed === "too-long")
      send.drop(spoolFullError(send, placed, spool.maxBytes));
    else if (typeof placed === "object") send.drop(unencodableError(placed.unencodable));
    else {
      // Warns before the result is set: the program may end after that.
      const { isSettled, lastError } = send;
      if (!isSettled && (isUnanswered || lastError !== undefined)) spool.warn(lastError);
      send.settle({ status: "spooled", durable: placed === "disk" });
    }
  });
}
