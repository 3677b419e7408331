/** The input of a run of an attack. */
export interface Target {
  /** `127.0.0.1:PORT` of each listener. */
  readonly grpc: string;
  readonly http: string;
  /** A queue whose messages are all due: 1,000 of 64 KiB. */
  readonly queue: string;
}

/** The attacker's side of one run. */
export interface Run {
  readonly target: Target;
  /** Aborts when the attack has lasted as long as it should. */
  readonly over: AbortSignal;
  /** Counts what was done, for the table: connections, calls or bytes. */
  count(what: string, n?: number): void;
  /** Everything is set up: what follows is only held. Resolves when it is over. */
  hold(): Promise<void>;
}

export interface Attack {
  readonly name: string;
  /** What the attacker does, and what a server could do wrong. */
  readonly what: string;
  /**
   * What the server may hold for it while it lasts, in MiB, garbage not counted. With the limits
   * that it follows from.
   */
  readonly memoryMiB: number;
  readonly why: string;
  /** What it must have done, by what it counts: one that does nothing proves nothing. */
  readonly atLeast: Readonly<Record<string, number>>;
  /** Where it costs others more than `judge.ts` allows to all: what it may, and why it does. */
  readonly costly?: {
    readonly p99Ms?: number;
    readonly heldUpMs?: number;
    readonly garbageMiB?: number;
    readonly why: string;
  };
  /** It is set up, and then only held: what it costs is measured from there on. */
  readonly holds?: boolean;
  /** Throws where the server did not answer as it should. */
  run(run: Run): Promise<void>;
}

/** What of it was done less than it states. */
export function lacking(
  { atLeast }: Pick<Attack, "atLeast">,
  counts: Readonly<Record<string, number>>,
): string[] {
  return Object.entries(atLeast)
    .filter(([what, least]) => !((counts[what] ?? 0) >= least))
    .map(([what, least]) => `${counts[what] ?? 0} ${what} instead of ${least} and more`);
}
