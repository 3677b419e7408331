// Runs arbitrary inputs against a server for some time.

import fc from "fast-check";
import { type Input, input } from "./inputs.ts";
import { FuzzTarget } from "./target.ts";

export interface FuzzOutcome {
  readonly inputs: number;
  /** The smallest input that fails, and why. */
  readonly found?: { readonly input: Input; readonly why: string };
}

/** Memory is checked each time after this many inputs. */
const CHECKED_EVERY = 500;

/** The same seed gives the same inputs; how many of them depends on the time. */
export async function fuzz(seed: number, forMs: number): Promise<FuzzOutcome> {
  const target = await FuzzTarget.start();
  let inputs = 0;
  try {
    await target.checkMemory();
    const property = fc.asyncProperty(input, async (one) => {
      await target.send(one);
      if (++inputs % CHECKED_EVERY === 0) await target.checkMemory();
    });
    const details = await fc.check(property, {
      seed,
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: forMs,
      markInterruptAsFailure: false,
    });
    const [failed] = details.counterexample ?? [];
    if (failed === undefined) return { inputs };
    const why = String((details.errorInstance as Error | null)?.message ?? details.errorInstance);
    return { inputs, found: { input: failed, why } };
  } finally {
    await target.stop();
  }
}
