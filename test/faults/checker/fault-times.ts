import type { FaultRecord } from "../history/event.ts";
import { NEVER, type RunClock, type RunMs } from "./clock.ts";

/**
 * How long after a fault claims may still be lost: a server detects a broken stream after two heartbeats of 1 s,
 * and gives up a reply of the store after 1 s (rig/environment.ts).
 */
const UNNOTICED_MS = 3_000;
/**
 * After this fault, client connections stay silent for good. A server may detect them only by its third PING, with
 * one every 10 s, and delivers to them until then.
 */
const SILENT_KIND = "half-open-client-links";
const SILENT_FOR_MS = 30_000;
/**
 * The most claims of one message that a fault may lose: `cut-replies` and `cut-answers` cut 20 connections,
 * `connection-resets` comes ten times, other faults break a link once or five times.
 */
const MAX_LOST_TO_A_FAULT = 20;

/** Redis ends, or another one takes its place. It may be that a server stops it without the note that nothing is lost. */
const RESTART_KINDS = [
  ...["kill-redis", "kill-both", "long-outage", "failover", "failover-with-lag"],
  ...["kill-embedded-redis", "kill-server-and-redis", "rolling-restart"],
];

/** While the store is full, failed messages are retried without edits. */
const FULL_KINDS = ["redis-full", "disk-nearly-full"];
/** A server may detect this much later that there is room again. */
const FULL_FOR_MS = 5_000;

interface Window {
  readonly kinds: readonly string[];
  readonly from: RunMs;
  /** When the cause has ended. Broken connections may be undetected until later. */
  over: RunMs;
}

/** The times at which faults may have lost claims between the store and workers. */
export class FaultTimes {
  readonly #windows: Window[] = [];

  constructor(faults: Iterable<FaultRecord>, clock: RunClock) {
    const open = new Map<number, Window>();
    for (const { phase, number, kind, at: atMs } of faults) {
      const at = clock.of(atMs);
      if (phase === "begins") {
        const window = { kinds: kind.split("+"), from: at, over: NEVER };
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

  /** Reports whether the store may have been full at some time between. */
  mayBeFull(fromMs: RunMs, toMs: RunMs): boolean {
    return this.#hadAny(FULL_KINDS, fromMs - FULL_FOR_MS, toMs);
  }

  /** Reports whether Redis may have restarted or failed over, and a server noticed it, at some time between. */
  mayHaveRestarted(fromMs: RunMs, toMs: RunMs): boolean {
    return this.#hadAny(RESTART_KINDS, fromMs - UNNOTICED_MS, toMs);
  }

  #hadAny(kinds: readonly string[], fromMs: RunMs, toMs: RunMs): boolean {
    return this.#windows.some(
      (one) =>
        one.kinds.some((kind) => kinds.includes(kind)) && fromMs <= one.over && toMs >= one.from,
    );
  }

  /** The most claims of one message that faults may have lost between these times. */
  mostLost(fromMs: RunMs, toMs: RunMs): number {
    const near = this.#windows.filter(
      ({ from, over }) => fromMs <= over + UNNOTICED_MS && toMs >= from,
    );
    return near.length * MAX_LOST_TO_A_FAULT;
  }

  /**
   * The most leases of one message that may have started and expired between these times because of faults: one that
   * was running when the fault began, those that started during it, and one on a broken connection afterwards.
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
