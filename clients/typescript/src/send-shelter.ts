import type { Letter } from "./letter.ts";
import type { PendingSend } from "./pending-send.ts";
import { notKept, unwritable } from "./send-errors.ts";
import type { Placed } from "./spool/shelf.ts";

/** Where sends go that the service does not take in time. */
export interface SendShelter {
  readonly maxBytes: number;
  /** Never rejects. */
  keep(letter: Letter): Promise<Placed>;
  /** Why something waits there; undefined: nobody has answered. */
  tellOf(error: unknown): void;
}

/**
 * Takes a send there, unless it is gone already.
 *
 * @param isUnanswered it goes for want of an answer, although no try of its own may have failed
 */
export function leaveFor(shelter: SendShelter, send: PendingSend, isUnanswered: boolean): void {
  if (send.isGone) return;
  send.isLeaving = true;
  void shelter.keep(send.letter).then((placed) => {
    if (placed === "full" || placed === "too-long")
      send.drop(notKept(send, placed, shelter.maxBytes));
    else if (typeof placed === "object") send.drop(unwritable(placed.unwritable));
    else {
      // Before whoever waits for it hears of it: the program may end then.
      const { isSettled, lastError } = send;
      if (!isSettled && (isUnanswered || lastError !== undefined)) shelter.tellOf(lastError);
      send.settle({ status: "spooled", durable: placed === "disk" });
    }
  });
}
