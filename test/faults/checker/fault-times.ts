import type { FaultRecord } from "../history/event.ts";
import { NEVER, type RunClock, type RunMs } from "./clock.ts";

/**
 * A stream that a fault has broken is found dead after two heartbeats of 1 s, a reply of the store
 * is given up after 1 s (rig/world.ts): until then claims may be written to it, and are lost.
 */
const UNNOTICED_MS = 3_000;
/**
 * What costs a message one claim at most happens so often in a fault: `cut-replies` and `cut-answers`
 * cut 20 connections, `connection-resets` comes ten times, all others break a link once or five times.
 */
const MOST_LOST_TO_A_FAULT = 20;

/** When something was wrong between the store and its workers, so that claims may have been lost. */
export class FaultTimes {
  readonly #windows: { readonly from: RunMs; to: RunMs }[] = [];

  constructor(faults: Iterable<FaultRecord>, clock: RunClock) {
    const open = new Map<number, { readonly from: RunMs; to: RunMs }>();
    for (const { phase, number, at: atMs } of faults) {
      const at = clock.of(atMs);
      if (phase === "begins") {
        const window = { from: at, to: NEVER };
        open.set(number, window);
        this.#windows.push(window);
      } else if (phase === "over") {
        const window = open.get(number);
        if (window !== undefined) window.to = at + UNNOTICED_MS;
      }
    }
    this.#windows.sort((a, b) => a.from - b.from);
  }

  /** How many claims of one message, lost between these instants, faults explain. */
  mostLost(fromMs: RunMs, toMs: RunMs): number {
    const near = this.#windows.filter(({ from, to }) => fromMs <= to && toMs >= from);
    return near.length * MOST_LOST_TO_A_FAULT;
  }

  /**
   * How many leases of one message may have begun and ended between these instants, one after
   * another, each lost to a fault: it was running when that began, or began before it was over.
   */
  mostExpired(fromMs: RunMs, toMs: RunMs, leaseMs: RunMs): number {
    let expired = 0;
    let next = fromMs;
    for (const { from, to } of this.#windows) {
      next = Math.max(next, from - leaseMs);
      const latest = Math.min(to, toMs - leaseMs);
      if (next > latest) continue;
      const more = Math.floor((latest - next) / leaseMs) + 1;
      expired += more;
      next += more * leaseMs;
    }
    return expired;
  }
}
