import type { FaultRecord } from "../history/event.ts";
import { CLOCK_TOLERANCE_MS, NEVER, type RunClock, type RunMs } from "./clock.ts";

/** Which faults may roll the store back, and how far. */
export interface AllowLoss {
  /** Kinds of faults. */
  readonly kinds: readonly string[];
  /** Writes up to this long before such a fault may be lost. */
  readonly withinMs: number;
  /** No acknowledged send may be lost, because a replica has it before the answer. Default: false. */
  readonly keepsSends?: boolean;
}

/**
 * The times whose writes a rollback may undo: from a while before each allowed fault until its cause ends, plus the
 * tolerance of clocks. A failover ends when the replica is promoted; it keeps later writes.
 */
export class Rollbacks {
  readonly #windows: { readonly from: RunMs; to: RunMs }[] = [];

  /** Acknowledged sends survive a rollback. */
  readonly keepsSends: boolean;

  constructor(faults: Iterable<FaultRecord>, allow: AllowLoss | undefined, clock: RunClock) {
    this.keepsSends = allow?.keepsSends ?? false;
    const open = new Map<number, { readonly from: RunMs; to: RunMs }>();
    for (const { kind, phase, number, at: atMs } of faults) {
      if (allow === undefined) continue;
      if (!kind.split("+").some((one) => allow.kinds.includes(one))) continue;
      const at = clock.of(atMs);
      if (phase === "begins") {
        const window = { from: at - allow.withinMs, to: NEVER };
        open.set(number, window);
        this.#windows.push(window);
      } else if (phase === "over") {
        const window = open.get(number);
        if (window !== undefined) window.to = at + CLOCK_TOLERANCE_MS;
      }
    }
  }

  /** Whether there was a fault that may roll the store back. */
  get any(): boolean {
    return this.#windows.length > 0;
  }

  /** Reports whether a rollback may have undone a write between these times. */
  mayHaveForgotten(fromMs: RunMs, toMs: RunMs): boolean {
    return this.#windows.some(({ from, to }) => fromMs <= to && toMs >= from);
  }
}
