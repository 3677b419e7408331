import fc from "fast-check";
import { giveBack } from "../life/ack.ts";
import { WORKERS, type Worker } from "../real/streams.ts";
import { loss, recent } from "./choices.ts";
import { advance, step } from "./play.ts";
import { same } from "./results.ts";
import { tokenOf, writeTo } from "./tick.ts";

const SHORT_MS = [1, 500, 1_000, 1_000, 2_000, 2_000, 2_400, 2_600, 6_000, 10_000, 30_000, 31_000];
const LONG_MS = [61_000, 180_000, 600_000, 1_300_000, 3_700_000, 25 * 3_600_000];

export const advanceStep = () =>
  fc
    .oneof(
      { weight: 9, arbitrary: fc.constantFrom(...SHORT_MS) },
      { weight: 1, arbitrary: fc.constantFrom(...LONG_MS) },
    )
    .map((ms) => step("Advance", ms, advance));

/** What waits for a stream is written to it. */
export const writeStep = () =>
  fc.record({ worker: fc.nat(2) }).map((args) =>
    step("Write", args, async (play, rig, { worker }) => {
      writeTo(play, rig, WORKERS[worker] as Worker);
    }),
  );

/** A stream breaks, and its worker opens the next one. */
export const breakStep = () =>
  fc.record({ worker: fc.nat(2), lost: loss() }).map((args) =>
    step("BreakStream", args, async ({ life }, rig, { worker: n, lost }) => {
      const worker = WORKERS[n] as Worker;
      if (lost) rig.wire.lose("settle", lost);
      const unwritten = await rig.streams.close(worker);
      if (lost !== "request") {
        for (const claim of unwritten) {
          giveBack(life, tokenOf({ ...claim, session: 0 }, [{ session: worker.name }]));
        }
      }
      rig.wire.clear();
      await rig.streams.open(worker);
      same("leases held", rig.streams.of(worker).held, life.heldBy(worker.name).length);
    }),
  );

/** A call of some time ago is made again, to the message. */
export const repeatStep = () =>
  fc.nat(6).map((back) =>
    step("Repeat", back, async (play) => {
      await recent(play.past, back)?.();
    }),
  );

/** The server dies. What it had claimed and not written has no worker. */
export const crashServerStep = () =>
  fc.constant(undefined).map((args) =>
    step("CrashServer", args, async ({ life }, rig) => {
      await rig.crashServer();
      for (const worker of WORKERS) {
        same("leases held", rig.streams.of(worker).held, life.heldBy(worker.name).length);
      }
    }),
  );

export const crashRedisStep = () =>
  fc.constant(undefined).map((args) => step("CrashRedis", args, (_, rig) => rig.crashRedis()));

export const flushScriptsStep = () =>
  fc.constant(undefined).map((args) =>
    step("FlushScripts", args, async (_, rig) => {
      await rig.test.redis.script("FLUSH");
    }),
  );
