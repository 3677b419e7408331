import type { SeededRandom } from "../../support/random.ts";
import type { Crew } from "../rig/crew.ts";
import type { World } from "../rig/world.ts";

/** What a fault takes hold of; two that touch the same never happen at once. */
export type Part = "servers" | "store" | "store-link" | "client-links" | "workers";

export interface FaultContext<W extends World> {
  readonly world: W;
  readonly crew: Crew;
  readonly random: SeededRandom;
}

/** One way in which things go wrong. */
export interface FaultKind<W extends World = World> {
  readonly name: string;
  /** What happens, in words. */
  readonly words: string;
  readonly touches: readonly Part[];
  /** What this machine lacks for it, in words: then it is left out, which a run says. */
  missing?(): string | undefined;
  /**
   * Does it, holds it, and ends its cause; resolves then. What it gives is what happened in
   * particular, for the report. @throws Error if the system did not do what it must
   */
  run(context: FaultContext<W>): Promise<string | undefined>;
}
