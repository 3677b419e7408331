import type { FaultRecord } from "../history/event.ts";
import { CLOCK_TOLERANCE_MS, NEVER, type RunClock, type RunMs } from "./clock.ts";

/** Which faults may take the store back to an earlier state, and how far. */
export interface AllowLoss {
  /** Kinds of fault, as their records name them. */
  readonly kinds: readonly string[];
  /** What was written this long before such a fault begins may be forgotten. */
  readonly withinMs: number;
  /** Sends are answered when a replica has them: no acknowledged one may be lost. Default: some may. */
  readonly keepsSends?: boolean;
}

/**
 * When the store may have forgotten what it had acknowledged: from a while before each fault of
 * the kinds that are allowed to, until its cause is over. By then the store that goes on has been
 * chosen (a failover is over when the replica is promoted), and keeps later writes:
 * nothing more is allowed for but the rounding of clocks, however long the recovery takes.
 */
export class Rollbacks {
  readonly #windows: { readonly from: RunMs; to: RunMs }[] = [];

  /** What was acknowledged to a producer is kept, whatever else is forgotten. */
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

  /** Whether a write that took place between these instants may have been forgotten. */
  mayHaveForgotten(fromMs: RunMs, toMs: RunMs): boolean {
    return this.#windows.some(({ from, to }) => fromMs <= to && toMs >= from);
  }
}
