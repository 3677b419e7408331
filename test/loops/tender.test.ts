import { afterEach, describe, expect, it, vi } from "vitest";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { internal } from "../../src/core/errors.ts";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../src/core/settings.ts";
import { TENDING_AT_ONCE, Tender } from "../../src/loops/tender.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import type { Store } from "../../src/store/contract.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS, session } from "../support/store-items.ts";

const own = useTestStore();
const names = Array.from({ length: 300 }, (_, n) => `queue-${n}`);

let tender: Tender | undefined;
afterEach(() => tender?.stop());

function startTender(
  tick: Store["tick"],
  queues: () => Promise<string[][]> = async () => [],
  settingsOf = (_queue: string): QueueSettings => DEFAULT_QUEUE_SETTINGS,
) {
  const real = own.current.store;
  const spied = vi.fn(tick);
  const warn = vi.fn();
  const postpone = vi.fn<Store["wakeUps"]["postpone"]>((queue, byMs) =>
    real.wakeUps.postpone(queue, byMs),
  );
  const overdue = vi.fn<Store["wakeUps"]["overdue"]>(() => real.wakeUps.overdue());
  tender = new Tender({
    store: {
      tick: spied,
      wakeUps: {
        claimable: (names) => real.wakeUps.claimable(names),
        overdue,
        postpone,
      },
      partitions: 2,
      queuesIn: async (wanted) => (await queues()).slice(wanted[0], wanted.length),
      configs: real.configs,
    },
    registry: new SessionRegistry(real.hints),
    settingsOf,
    observer: NO_METRICS,
    log: { isLevelEnabled: () => false, debug() {}, info() {}, warn },
    onDeleting() {},
  });
  tender.start();
  return { tick: spied, warn, postpone, overdue };
}

const realTick: Store["tick"] = (queue, request) => own.current.store.tick(queue, request);

describe("the tender", () => {
  it("takes back leases of a queue without streams, and ticks no other queue", async () => {
    const { store, clock } = own.current;
    await store.send("idle", [item()], SETTINGS);
    await store.send("held", [item()], SETTINGS);
    await own.current.tick("held", [session(1, { leaseMs: 1_000 })]);
    await clock.advance(2_000);
    const { tick } = startTender(realTick);
    await vi.waitFor(async () => {
      const [held] = await store.stats(["held"]);
      expect(held?.inFlight).toBe(0);
    });
    expect(tick.mock.calls.map(([queue]) => queue)).toEqual(["held"]);
  });

  it("ticks few queues at once", async () => {
    const { store, clock } = own.current;
    await Promise.all(names.map((name) => store.send(name, [item({ ttlMs: 1_000 })], SETTINGS)));
    await clock.advance(2_000);
    let running = 0;
    let most = 0;
    const { tick } = startTender(async (queue, request) => {
      most = Math.max(most, ++running);
      try {
        return await realTick(queue, request);
      } finally {
        running--;
      }
    });
    await vi.waitFor(() => expect(tick.mock.calls.length).toBeGreaterThanOrEqual(names.length));
    expect(most).toBe(TENDING_AT_ONCE);
  });

  it("leaves a queue alone for a while whose tick fails, and goes on with others", async () => {
    const { store, clock } = own.current;
    for (const name of ["broken", "sound"]) {
      await store.send(name, [item({ ttlMs: 1_000 })], SETTINGS);
    }
    await clock.advance(2_000);
    const { tick, warn, postpone } = startTender(async (queue, request) => {
      if (queue === "broken") throw internal(new Error("a defect"));
      return realTick(queue, request);
    });
    await vi.waitFor(() => expect(postpone).toHaveResolvedTimes(1));
    await vi.waitFor(async () => {
      const [sound] = await store.stats(["sound"]);
      expect(sound?.scheduled).toBe(0);
    });
    expect((await store.wakeUps.overdue()).queues).toEqual([]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(tick.mock.calls.filter(([queue]) => queue === "broken")).toHaveLength(1);
    await own.current.tick("broken");
  });

  it("leaves it alone also if looks found it while its tick ran", async () => {
    const { store, clock } = own.current;
    await store.send("broken", [item({ ttlMs: 1_000 })], SETTINGS);
    await clock.advance(2_000);
    const looksAgain = (times: number) => {
      const enough = overdue.mock.calls.length + times;
      return vi.waitFor(() => expect(overdue.mock.calls.length).toBeGreaterThan(enough));
    };
    const { tick, postpone, overdue } = startTender(async () => {
      await looksAgain(2);
      throw internal(new Error("a defect"));
    });
    await vi.waitFor(() => expect(postpone).toHaveResolvedTimes(1));
    await looksAgain(1);
    expect(tick).toHaveBeenCalledTimes(1);
    await own.current.tick("broken");
  });

  it("ticks all queues now and then, a few at a time", async () => {
    const { tick } = startTender(realTick, async () => [names.slice(0, 7), names.slice(7, 15)]);
    await vi.waitFor(() => expect(tick).toHaveBeenCalledTimes(15), 5_000);
  });

  describe("after a retention became shorter than a wake-up index says", () => {
    const DAY_MS = 24 * 3_600_000;

    /** A message that is kept for a month, by the index, and should be gone by the settings in force. */
    async function keepTooLong() {
      const { store, clock } = own.current;
      await store.send("q", [item({ quarantineReason: "PRODUCER_REQUEST" })], SETTINGS);
      await own.current.tick("q", [], { quarantineRetentionMs: 30 * DAY_MS });
      await clock.advance(2 * DAY_MS);
      expect((await store.wakeUps.overdue()).queues).toEqual([]);
    }
    const shorter = () => ({ ...DEFAULT_QUEUE_SETTINGS, quarantineRetentionMs: DAY_MS });
    const untilGone = () =>
      vi.waitFor(async () => {
        const [stats] = await own.current.store.stats(["q"]);
        expect(stats?.quarantined).toBe(0);
      });

    it("ends it when another server has changed the settings, also if the hint is lost", async () => {
      await keepTooLong();
      const other = own.current.openStore();
      await vi.waitFor(() => expect(other.ready).toBe(true));
      const { configs } = own.current.store;
      const settingsOf = () => (configs.get("q") ? shorter() : DEFAULT_QUEUE_SETTINGS);
      const { tick } = startTender(realTick, async () => [], settingsOf);
      await other.configs.replace("q", undefined, () => Buffer.from("shorter"));
      expect(tick).not.toHaveBeenCalled();
      await configs.refresh();
      await untilGone();
    });

    it("ends it after a server that had the old settings wrote a later time", async () => {
      await keepTooLong();
      const { configs } = own.current.store;
      let settings = { ...DEFAULT_QUEUE_SETTINGS, quarantineRetentionMs: 30 * DAY_MS };
      const { tick } = startTender(
        realTick,
        async () => [["q"]],
        () => settings,
      );
      await vi.waitFor(() => expect(tick).toHaveBeenCalledTimes(1));
      settings = shorter();
      await configs.replace("q", undefined, () => Buffer.from("shorter"));
      await configs.refresh();
      await untilGone();
    });

    it("ends it by its pass over all queues when the configuration of servers has changed", async () => {
      await keepTooLong();
      startTender(realTick, async () => [["q"]], shorter);
      await untilGone();
    });
  });
});
