import fc from "fast-check";
import { reportAll } from "./ack.ts";
import { advance, step } from "./play.ts";
import { chase } from "./tick.ts";

/** What workers call is down for a while: all that they have fails; then some of it succeeds again. */
export const outageStep = () =>
  fc
    .record({
      failing: fc.integer({ min: 2, max: 4 }),
      downMs: fc.constantFrom(500, 2_000, 4_000),
      succeeding: fc.integer({ min: 0, max: 4 }),
    })
    .map((args) =>
      step("Outage", args, async (play, rig, { failing, downMs, succeeding }) => {
        await chase(play, rig);
        await reportAll(play, rig, true, failing);
        await advance(play, rig, downMs);
        await chase(play, rig);
        if (succeeding > 0) await reportAll(play, rig, false, succeeding);
      }),
    );
