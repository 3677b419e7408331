import type { FilterOptions } from "../values/filter.ts";
import type { CanaryOptions } from "./canary.ts";

/** Options of a command that acts on many messages by a job. */
export interface ActOptions extends FilterOptions, RunOptions, Pick<CanaryOptions, "resolve"> {
  /** Only these messages. Absent or empty: no such limit. */
  readonly ids?: readonly string[];
  /** How many messages the dry run must count. */
  readonly expect?: number;
  readonly dryRun?: boolean;
  readonly showRedacted?: true;
}

/** How the job runs. */
export interface RunOptions {
  /** Messages a second. */
  readonly rate?: number;
  /** For those who look at the job later. */
  readonly why?: string;
  readonly detach?: true;
  readonly yes?: true;
}
