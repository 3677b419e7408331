/** The server under attack. */
export interface Target {
  /** `127.0.0.1:PORT` of each listener. */
  readonly grpc: string;
  readonly http: string;
  /** A queue with 1,000 due messages of 64 KiB. */
  readonly queue: string;
}

/** The attacker's side of one run. */
export interface Run {
  readonly target: Target;
  /** Aborts when the attack should end. */
  readonly over: AbortSignal;
  /** Counts connections, calls or bytes, for the table. */
  count(what: string, n?: number): void;
  /** Reports that the attack is set up and only holds its connections. Resolves when it is over. */
  hold(): Promise<void>;
}

export interface Attack {
  readonly name: string;
  /** What the attacker does, and what a server could do wrong. */
  readonly what: string;
  /**
   * Memory that the server may hold during the attack, without garbage, MiB; `why` has the reason.
   */
  readonly memoryMiB: number;
  readonly why: string;
  /** Minimum of its counts. An attack that does less proves nothing. */
  readonly atLeast: Readonly<Record<string, number>>;
  /** Higher limits than those of `judge.ts`, with the reason. */
  readonly costly?: {
    readonly p99Ms?: number;
    readonly heldUpMs?: number;
    readonly garbageMiB?: number;
    readonly why: string;
  };
  /** The attack is set up first, and its cost is measured while it holds. */
  readonly holds?: boolean;
  /** @throws Error if the server answers wrongly */
  run(run: Run): Promise<void>;
}

/** Returns the counts that are below their minimum. */
export function lacking(
  { atLeast }: Pick<Attack, "atLeast">,
  counts: Readonly<Record<string, number>>,
): string[] {
  return Object.entries(atLeast)
    .filter(([what, least]) => !((counts[what] ?? 0) >= least))
    .map(([what, least]) => `${counts[what] ?? 0} ${what} instead of ${least} and more`);
}
