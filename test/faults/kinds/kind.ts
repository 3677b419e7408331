import type { SeededRandom } from "../../support/random.ts";
import type { Crew } from "../rig/crew.ts";
import type { Environment } from "../rig/environment.ts";

/** A part that a fault affects. Two faults of the same part never happen at once. */
export type Part = "servers" | "store" | "store-link" | "client-links" | "workers" | "nats";

export interface FaultContext<W extends Environment> {
  readonly environment: W;
  readonly crew: Crew;
  readonly random: SeededRandom;
}

/** A kind of fault. */
export interface FaultKind<W extends Environment = Environment> {
  readonly name: string;
  /** The description in docs and reports. */
  readonly words: string;
  readonly touches: readonly Part[];
  /** What the machine lacks for it. If set, the run skips the kind and reports that. */
  missing?(): string | undefined;
  /**
   * Injects the fault and resolves when its cause has ended, with details for the report.
   * @throws Error if the system did not react as it must
   */
  run(context: FaultContext<W>): Promise<string | undefined>;
}
