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

/** The tools of an upgrade. */
export interface UpgradeSteps {
  readonly prefix: string;
  /** Names of all queues. */
  queues(): Promise<string[]>;
  /**
   * Runs one step: a script on keys of one slot. Rejects if another server has taken over the upgrade, or if the store does
   * not answer; the upgrade ends then.
   */
  run(script: string, key: string, ...args: readonly (string | number)[]): Promise<unknown>;
}
