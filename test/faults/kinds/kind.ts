import type { SeededRandom } from "../../support/random.ts";
import type { Crew } from "../rig/crew.ts";
import type { Environment } from "../rig/environment.ts";

/** What a fault takes hold of; two that touch the same never happen at once. */
export type Part = "servers" | "store" | "store-link" | "client-links" | "workers";

export interface FaultContext<W extends Environment> {
  readonly environment: W;
  readonly crew: Crew;
  readonly random: SeededRandom;
}

/** One way in which things go wrong. */
export interface FaultKind<W extends Environment = Environment> {
  readonly name: string;
  /** What happens, in words. */
  readonly words: string;
  readonly touches: readonly Part[];
  /** What the machine lacks for it. Then the kind is left out, and the run says so. */
  missing?(): string | undefined;
  /**
   * Does it, holds it, and ends its cause; resolves then. What it gives is what happened in
   * particular, for the report. @throws Error if the system did not do what it must
   */
  run(context: FaultContext<W>): Promise<string | undefined>;
}
