import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { START_MS, TestStore } from "../support/store.ts";
import { ackStep } from "./commands/ack.ts";
import { actStep } from "./commands/act.ts";
import {
  advanceStep,
  breakStep,
  crashRedisStep,
  crashServerStep,
  flushScriptsStep,
  repeatStep,
  writeStep,
} from "./commands/environment.ts";
import { extendSessionStep, extendTokensStep, reconcileStep } from "./commands/extend.ts";
import { changeStep, limitersArgs, releaseOrderStep, resetStep } from "./commands/limiters.ts";
import { outageStep } from "./commands/outage.ts";
import { Play, type Step } from "./commands/play.ts";
import { retryStep } from "./commands/retry.ts";
import { sendStep } from "./commands/send.ts";
import { chaseStep, deathsStep, tickStep } from "./commands/tick.ts";
import { undeleteStep } from "./commands/undelete.ts";
import { Life, type LifeSettings } from "./life/life.ts";
import { Reached } from "./reached.ts";
import { QUEUE } from "./real/names.ts";
import { Rig } from "./real/rig.ts";

/** The same runs for the same seed: DLQ_MODEL_SEED=… DLQ_MODEL_RUNS=… `npm run test:slow` has more runs. */
const SEED = Number(process.env.DLQ_MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = Number(process.env.DLQ_MODEL_RUNS ?? 50);
const COMMANDS = 100;
/** Includes the time to shrink a failure. */
const MS_A_RUN = 4_000;
const LIMIT_MS = 300_000 + RUNS * MS_A_RUN;

const settings: fc.Arbitrary<LifeSettings> = fc.record({
  graceMs: fc.constantFrom(0, 0, 30_000),
  ttlAction: fc.constantFrom("quarantine", "quarantine", "discard"),
  retentionMs: fc.constantFrom(0, 0, 0, 600_000),
  maxMessages: fc.constantFrom(0, 0, 0, 8),
  poisonThreshold: fc.constantFrom(5, 5, 2),
  nonRetryable: fc.constantFrom([], [], ["VALIDATION_FAILED" as const]),
  limiters: limitersArgs(),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 220, arbitrary: tickStep() },
  { weight: 260, arbitrary: ackStep() },
  { weight: 180, arbitrary: advanceStep() },
  { weight: 160, arbitrary: sendStep() },
  { weight: 60, arbitrary: retryStep() },
  { weight: 40, arbitrary: undeleteStep() },
  { weight: 30, arbitrary: actStep() },
  { weight: 60, arbitrary: outageStep() },
  { weight: 60, arbitrary: chaseStep() },
  { weight: 25, arbitrary: changeStep() },
  { weight: 15, arbitrary: releaseOrderStep() },
  { weight: 8, arbitrary: resetStep() },
  { weight: 25, arbitrary: deathsStep() },
  { weight: 40, arbitrary: repeatStep() },
  { weight: 30, arbitrary: extendTokensStep() },
  { weight: 20, arbitrary: extendSessionStep() },
  { weight: 20, arbitrary: writeStep() },
  { weight: 20, arbitrary: breakStep() },
  { weight: 20, arbitrary: reconcileStep() },
  { weight: 10, arbitrary: crashServerStep() },
  { weight: 8, arbitrary: flushScriptsStep() },
  { weight: 2, arbitrary: crashRedisStep() },
);

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

let runs = 0;
const reached = new Reached();

/** One run: a new store, and a model of it. */
async function live(given: LifeSettings, steps: Iterable<Step>): Promise<void> {
  const store = new TestStore(server, `run${++runs}`);
  try {
    await store.clock.set(START_MS);
    const real = await Rig.start(store, given);
    const model = new Play(new Life(START_MS, given));
    await fc.asyncModelRun(() => ({ model, real }), steps);
    await model.look(real);
    reached.add(await store.dump(QUEUE));
  } finally {
    await store.redis.flushall();
    await store.close();
  }
}

test("random commands on the store match the model", { timeout: LIMIT_MS + 60_000 }, async () => {
  process.stdout.write(`model test: DLQ_MODEL_SEED=${SEED} DLQ_MODEL_RUNS=${RUNS}\n`);
  const property = fc.asyncProperty(
    settings,
    fc.commands([step], { maxCommands: COMMANDS, size: "max" }),
    live,
  );
  await fc.assert(property, {
    seed: SEED,
    numRuns: RUNS,
    plugins: [fc.interruptAfterTimeLimit(LIMIT_MS, { failOnInterrupt: true })],
  });
  // Fewer runs may not reach every kind.
  if (RUNS >= 200) expect(reached.missing).toEqual([]);
});
