import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SessionRegistry } from "../../../src/app/delivery/session-registry.ts";
import { Mover } from "../../../src/app/rules/mover.ts";
import { MOVE_LATE_MS } from "../../../src/core/lifetime.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../../src/core/settings.ts";
import { Tender } from "../../../src/loops/tender.ts";
import { NO_METRICS } from "../../../src/observe/metrics.ts";
import type { Moves } from "../../../src/store/contract.ts";
import { until, useTestStore } from "../../support/store.ts";
import { bytes, item, NO_REQUEST, outcome, SETTINGS, session } from "../../support/store-items.ts";
import { RuleRecorder } from "./setup.ts";

const at = useTestStore();
let recorder: RuleRecorder;
let mover: Mover;
let tender: Tender | undefined;
beforeEach(() => {
  recorder = new RuleRecorder();
  mover = moverOn(at.current.store.moves);
});
afterEach(async () => {
  await tender?.stop();
  tender = undefined;
});

const settingsOf = () => DEFAULT_QUEUE_SETTINGS;
const moverOn = (moves: Moves) =>
  new Mover({ store: { moves }, settingsOf, observer: recorder, log: recorder.log });

/** Starts a move from A to each target and returns the ids. */
const setOut = (...targets: string[]) => setOutWith(targets, []);

async function setOutWith(
  targets: readonly string[],
  envelopes: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const { store } = at.current;
  await store.send(
    "a",
    targets.map((_, index) => item({ envelope: envelopes[index] ?? bytes("") })),
    SETTINGS,
  );
  const claimed: Awaited<ReturnType<typeof at.current.tick>>["claimed"][number][] = [];
  while (claimed.length < targets.length) {
    claimed.push(...(await at.current.tick("a", [session(1, { count: 1_000 })])).claimed);
  }
  const outcomes = claimed.map((one, index) =>
    outcome(one, "failMove", {
      ...{ delayMs: 0, reason: "TIMEOUT" as const, failure: bytes("f") },
      move: { target: targets[index] as string, ifRefused: { delayMs: 0 } },
    }),
  );
  await store.settle("a", NO_REQUEST, outcomes);
  return outcomes.map(({ token }) => token.messageId);
}

const countOf = async (queue: string) => (await at.current.dump(queue)).messages.size;

/** The store, with the functions that a test breaks. */
function broken(over: Partial<Moves>): Moves {
  const { moves } = at.current.store;
  return {
    pending: (queue, which) => moves.pending(queue, which),
    receive: (...args) => moves.receive(...args),
    end: (queue, ends) => moves.end(queue, ends),
    storeImported: moves.storeImported,
    ...over,
  };
}

describe("a move that has just started", () => {
  test("takes each message to its queue", async () => {
    const targets = Array.from({ length: 300 }, (_, n) => ["b", "c", "d"][n % 3] as string);
    const ids = await setOut(...targets);
    mover.moveNow("a", ids.slice(0, 200));
    mover.moveNow("a", ids.slice(200));
    await mover.idle();
    expect(await Promise.all(["a", "b", "c", "d"].map(countOf))).toEqual([0, 100, 100, 100]);
    expect(recorder.moves).toEqual(Array(300).fill("moved"));
  });

  test("takes an unreadable message too, without keys", async () => {
    const ids = await setOutWith(["b", "b"], [new Uint8Array([0xff])]);
    mover.moveNow("a", ids);
    await mover.idle();
    expect(await Promise.all(["a", "b"].map(countOf))).toEqual([0, 2]);
  });

  test("stays pending if the store does not answer, and other moves continue", async () => {
    const ids = await setOut("b", "c");
    const failing = moverOn(
      broken({
        receive: (target, ...rest) =>
          target === "b"
            ? Promise.reject(new Error("no answer"))
            : at.current.store.moves.receive(target, ...rest),
      }),
    );
    failing.moveNow("a", ids);
    await failing.idle();
    expect(await Promise.all(["a", "b", "c"].map(countOf))).toEqual([1, 0, 1]);
    expect(recorder.lines.at(-1)).toMatchObject({ level: "warn", facts: { queue: "a" } });
    mover.moveNow("a", ids);
    await mover.idle();
    expect(await Promise.all(["a", "b", "c"].map(countOf))).toEqual([0, 1, 1]);
  });
});

describe("a move that a server left behind", () => {
  test("is not touched before it is late", async () => {
    await setOut("b");
    await at.current.clock.advance(MOVE_LATE_MS - 1);
    mover.resume("a");
    await mover.idle();
    expect(await countOf("a")).toBe(1);
    await at.current.clock.advance(1);
    mover.resume("a");
    await mover.idle();
    expect(await Promise.all(["a", "b"].map(countOf))).toEqual([0, 1]);
  });

  test("is finished by any number of servers, whichever answer was lost", async () => {
    const ids = await setOut(...Array.from({ length: 30 }, () => "b"));
    const lost = () => Promise.reject(new Error("the answer is lost"));
    const { moves } = at.current.store;
    const halfway = [
      broken({ receive: async (...args) => moves.receive(...args).then(lost) }),
      broken({ end: async (...args) => moves.end(...args).then(lost) }),
    ];
    for (const [index, one] of halfway.entries()) {
      const dying = moverOn(one);
      dying.moveNow("a", ids.slice(index * 10, index * 10 + 10));
      await dying.idle();
    }
    await at.current.clock.advance(MOVE_LATE_MS);
    const several = [mover, moverOn(moves), moverOn(moves)];
    for (const one of several) one.resume("a");
    await Promise.all(several.map((one) => one.idle()));
    expect(await Promise.all(["a", "b"].map(countOf))).toEqual([0, 30]);
    expect((await at.current.dump("b")).counters.moved_in).toBe(30);
    // Each was reported once, except those whose last answer was lost.
    expect(recorder.moves).toHaveLength(20);
  });

  test("does not delay a server that stops, and another server continues", async () => {
    await setOut(...Array.from({ length: 250 }, () => "b"));
    await at.current.clock.advance(MOVE_LATE_MS);
    mover.resume("a");
    await mover.stop();
    const left = await countOf("a");
    expect(left).toBeGreaterThanOrEqual(150);
    expect(await countOf("b")).toBe(250 - left);
    const next = moverOn(at.current.store.moves);
    next.resume("a");
    await next.idle();
    expect(await Promise.all(["a", "b"].map(countOf))).toEqual([0, 250]);
  });

  test("is found by any server", async () => {
    await setOut("b");
    await at.current.clock.advance(MOVE_LATE_MS);
    const { store } = at.current;
    tender = new Tender({
      ...{ store, settingsOf, log: recorder.log, registry: new SessionRegistry(store.hints) },
      observer: NO_METRICS,
      onDeleting() {},
      onMoveLate: mover.resume,
    });
    tender.start();
    await until("the move", async () => (await countOf("b")) === 1 || undefined);
    expect(await countOf("a")).toBe(0);
  });
});
