/** Makes data of one layout data of the next. */
export interface Upgrade {
  readonly from: number;
  /** `from + 1`. */
  readonly to: number;
  /** For logs: what it does, as in "lives end by chunk". */
  readonly what: string;
  /**
   * Runs while no server serves the data, and may be killed anywhere: it is then run again from its
   * beginning, by any server. So each step is one script of bounded work that may run twice, and
   * changes nothing where nothing of the old layout is left: not even if the upgrade is over.
   * An upgrade brings its own scripts: those of the service go on to change.
   */
  run(steps: UpgradeSteps): Promise<void>;
}

/** What an upgrade works with. */
export interface UpgradeSteps {
  readonly prefix: string;
  /** Names of all queues. */
  queues(): Promise<string[]>;
  /**
   * One step: a script on keys of one slot. Rejects when another server has taken the upgrade over,
   * or the store does not answer: the upgrade just ends then.
   */
  run(script: string, key: string, ...args: readonly (string | number)[]): Promise<unknown>;
}
