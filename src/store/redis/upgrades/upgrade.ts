/** Converts data of one layout to the next. */
export interface Upgrade {
  readonly from: number;
  /** `from + 1`. */
  readonly to: number;
  /** For logs: what it does, as in "lives end by chunk". */
  readonly what: string;
  /**
   * Runs while no server serves the data. It may be killed at any time; any server then runs it again from its beginning.
   * So each step is one script of bounded work that may run twice, and changes nothing if no data of the old layout is
   * left, even after the end of the upgrade. An upgrade has its own scripts, since those of the service change.
   */
  run(steps: UpgradeSteps): Promise<void>;
}

export type StepArg = string | number | Buffer;

/** The tools of an upgrade. */
export interface UpgradeSteps {
  readonly prefix: string;
  /** Names of all queues, up to layout 3. */
  queues(): Promise<string[]>;
  /**
   * One page of a walk over all keys that begin so; the first cursor is "0", and so is the one after the last page. A page
   * may be empty, and a key may come twice. Keys that exist all the time come. Rejects as `run` does.
   */
  scan(cursor: string, begin: string): Promise<{ next: string; keys: Buffer[] }>;
  /** One page of the fields of a hash, with cursors as of `scan`; each field before its value. */
  fields(key: string, cursor: string): Promise<{ next: string; fields: Buffer[] }>;
  /**
   * Runs one step: a script on keys of one slot. Rejects if another server has taken over the upgrade, or if the store does
   * not answer; the upgrade ends then.
   */
  run(script: string, key: string, ...args: readonly StepArg[]): Promise<unknown>;
}
