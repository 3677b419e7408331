import type { FaultRecord } from "../history/event.ts";
import { NEVER, type RunClock, type RunMs } from "./clock.ts";

/**
 * A stream that a fault has broken is found dead after two heartbeats of 1 s, a reply of the store
 * is given up after 1 s (rig/environment.ts): until then claims may be written to it, and are lost.
 */
const UNNOTICED_MS = 3_000;
/**
 * Connections to clients that stay silent for good: a server may find out only by its third PING, of
 * one each 10 s, and hands out to them until then.
 */
const SILENT_KIND = "half-open-client-links";
const SILENT_FOR_MS = 30_000;
/**
 * What costs a message one claim at most happens so often in a fault: `cut-replies` and `cut-answers`
 * cut 20 connections, `connection-resets` comes ten times, all others break a link once or five times.
 */
const MOST_LOST_TO_A_FAULT = 20;

/** While the store is so, what fails is retried without its edits. */
const FULL_KINDS = ["redis-full", "disk-nearly-full"];
/** A server may learn this much later that there is room again. */
const FULL_FOR_MS = 5_000;

interface Window {
  readonly isFull: boolean;
  readonly from: RunMs;
  /** When nothing breaks any more; what is broken by then may not have been noticed yet. */
  over: RunMs;
}

/** When something was wrong between the store and its workers, so that claims may have been lost. */
export class FaultTimes {
  readonly #windows: Window[] = [];

  constructor(faults: Iterable<FaultRecord>, clock: RunClock) {
    const open = new Map<number, Window>();
    for (const { phase, number, kind, at: atMs } of faults) {
      const at = clock.of(atMs);
      if (phase === "begins") {
        const isFull = kind.split("+").some((one) => FULL_KINDS.includes(one));
        const window = { isFull, from: at, over: NEVER };
        open.set(number, window);
        this.#windows.push(window);
      } else if (phase === "over") {
        const window = open.get(number);
        const isSilent = kind.split("+").includes(SILENT_KIND);
        if (window !== undefined) window.over = isSilent ? at + SILENT_FOR_MS : at;
      }
    }
    this.#windows.sort((a, b) => a.from - b.from);
  }

  /** Whether the store may have had no room between these instants. */
  mayBeFull(fromMs: RunMs, toMs: RunMs): boolean {
    return this.#windows.some(
      ({ isFull, from, over }) => isFull && fromMs <= over + FULL_FOR_MS && toMs >= from,
    );
  }

  /** How many claims of one message, lost between these instants, faults explain. */
  mostLost(fromMs: RunMs, toMs: RunMs): number {
    const near = this.#windows.filter(
      ({ from, over }) => fromMs <= over + UNNOTICED_MS && toMs >= from,
    );
    return near.length * MOST_LOST_TO_A_FAULT;
  }

  /**
   * How many leases of one message may have begun and ended between these instants, one after
   * another, each lost to a fault: one was running when that began, others began while it lasted, and
   * one may be lost to what was found dead afterwards.
   */
  mostExpired(fromMs: RunMs, toMs: RunMs, leaseMs: RunMs): number {
    let expired = 0;
    let next = fromMs;
    for (const { from, over } of this.#windows) {
      next = Math.max(next, from - leaseMs);
      const latest = Math.min(over + UNNOTICED_MS, toMs - leaseMs);
      if (next > latest) continue;
      const room = Math.floor((latest - next) / leaseMs) + 1;
      const lasted = Math.floor((over - from) / leaseMs);
      const more = Math.min(room, 1 + lasted + 1);
      expired += more;
      next += more * leaseMs;
    }
    return expired;
  }
}
