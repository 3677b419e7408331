import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Session } from "../../src/app/delivery/session.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { storeUnavailable } from "../../src/core/errors.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { Pumps } from "../../src/loops/pumps.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import type { Store } from "../../src/store/contract.ts";
import { partitionKeys } from "../../src/store/redis/keys.ts";
import { partitionOf } from "../../src/store/redis/partitions.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS } from "../support/store-items.ts";

const own = useTestStore();
const SESSION_ID = "01234567-89ab-7def-8123-456789abcdef";
const quiet = { isLevelEnabled: () => false, debug: () => {}, info: () => {}, warn: () => {} };

let pumps: Pumps | undefined;
afterEach(() => pumps?.stop());

/** Pumps on the real store, whose hints are all lost, and one stream that reads from `q`. */
function startPumps(
  claimable: Store["wakeUps"]["claimable"] = (queues) =>
    own.current.store.wakeUps.claimable(queues),
  settings = DEFAULT_QUEUE_SETTINGS,
) {
  const real = own.current.store;
  const registry = new SessionRegistry(real.hints);
  let reconnected = () => {};
  let woken = (_queue: string, _inMs: number) => {};
  const tick = vi.fn<Store["tick"]>((queue, request) => real.tick(queue, request));
  const hints = {
    onWake(listener: (queue: string, inMs: number) => void) {
      woken = listener;
    },
    onCredit: () => {},
    onTakeover: () => {},
    onQuiet: () => {},
    onConfig: () => {},
    onReconnect(listener: () => void) {
      reconnected = listener;
    },
    announceCredit: () => {},
    announceTakeover: () => {},
    announceQuiet: () => {},
  };
  const looked = vi.fn(claimable);
  pumps = new Pumps({
    store: {
      tick,
      abandon: (queue, claim, sessions) => real.abandon(queue, claim, sessions),
      settle: (queue, request, items) => real.settle(queue, request, items),
      wakeUps: {
        claimable: looked,
        overdue: () => real.wakeUps.overdue(),
        postpone: (queue, byMs) => real.wakeUps.postpone(queue, byMs),
      },
      registerWorkers: (queue) => real.registerWorkers(queue),
      existingOf: (queues) => real.existingOf(queues),
      hints,
      configs: real.configs,
    },
    registry,
    settingsOf: () => settings,
    random: () => 0.5,
    now: () => own.current.clock.nowMs,
    observer: NO_METRICS,
    log: quiet,
    onDeleting() {},
  });
  const statuses: { queue: string; paused: boolean }[] = [];
  const open = (queues: readonly string[], id = SESSION_ID) => {
    const session = new Session({
      idText: id,
      id: Uint8Array.from(Buffer.from(id.replaceAll("-", ""), "hex")),
      workerId: "w",
      queues,
      maxInFlight: 10,
      maxInFlightBytes: 1_000_000,
      leaseMs: undefined,
    });
    registry.claim(session);
    registry.add(session);
    const read = () => {
      session.takeFrame();
      for (let next = session.takeStatus(); next !== undefined; next = session.takeStatus()) {
        statuses.push({ queue: next.queue, paused: next.deliveryStatus.paused });
      }
      session.read(read);
    };
    read();
    return session;
  };
  const session = open(["q"]);
  pumps.start();
  return {
    ...{ session, open, tick, looked, registry, statuses },
    woken: (queue: string, inMs = 0) => woken(queue, inMs),
    reconnected: () => reconnected(),
  };
}

describe("pumps", () => {
  it("look at their queues after a reconnect, also if the store is not usable at once", async () => {
    const { store } = own.current;
    let unavailable = false;
    const { session, looked, reconnected } = startPumps(async (queues) => {
      if (unavailable) throw storeUnavailable(250);
      return store.wakeUps.claimable(queues);
    });
    await vi.waitFor(() => expect(looked).toHaveResolvedTimes(1));

    // Hints have their own connection, which may be back before the one of the scripts.
    unavailable = true;
    await store.send("q", [item()], SETTINGS);
    reconnected();
    await vi.waitFor(() => expect(looked).toHaveBeenCalledTimes(2));
    expect(session.held).toBe(0);
    unavailable = false;
    await vi.waitFor(() => expect(session.held).toBe(1), 5_000);
  });

  it("look at their queues at the start, also if the store is not usable yet", async () => {
    const { store } = own.current;
    await store.send("q", [item()], SETTINGS);
    let looks = 0;
    const { session } = startPumps(async (queues) => {
      if (looks++ === 0) throw storeUnavailable(250);
      return store.wakeUps.claimable(queues);
    });
    await vi.waitFor(() => expect(session.held).toBe(1), 5_000);
  });

  it("tick no queue without due messages, until a hint comes", async () => {
    const { store } = own.current;
    const { session, looked, tick, woken } = startPumps();
    await vi.waitFor(() => expect(looked).toHaveResolvedTimes(1));
    await store.existingOf(["q"]);
    expect(tick).not.toHaveBeenCalled();
    await store.send("q", [item()], SETTINGS);
    woken("q");
    await vi.waitFor(() => expect(session.held).toBe(1), 5_000);
  });

  it("tick no queue that has no stream here", async () => {
    const { store } = own.current;
    await store.send("other", [item()], SETTINGS);
    const { woken, tick, looked } = startPumps();
    woken("other");
    await vi.waitFor(() => expect(looked).toHaveResolvedTimes(1));
    await store.existingOf(["other"]);
    expect(tick).not.toHaveBeenCalled();
  });

  it("stop when the last stream of their queue ends, and begin again with the next", async () => {
    const { store } = own.current;
    const { session, open, registry, woken, tick } = startPumps();
    registry.remove(session);
    session.end();
    await store.send("q", [item()], SETTINGS);
    woken("q");
    await store.existingOf(["q"]);
    expect(tick).not.toHaveBeenCalled();
    const next = open(["q"]);
    await vi.waitFor(() => expect(next.held).toBe(1), 5_000);
  });

  it("claim at the time that a hint names, without a tick before", async () => {
    const { store, clock } = own.current;
    const { session, woken, tick, looked } = startPumps();
    await vi.waitFor(() => expect(looked).toHaveResolvedTimes(1));
    await store.send("q", [item({ delayMs: 200 })], SETTINGS);
    woken("q", 200);
    await store.existingOf(["q"]);
    expect(tick).not.toHaveBeenCalled();
    await clock.advance(200);
    await vi.waitFor(() => expect(session.held).toBe(1), 5_000);
  });

  it("look at each queue once in half a minute, also while other streams come and go", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { open, registry, looked } = startPumps();
    const lasting = Array.from({ length: 40 }, (_, n) => `lasting-${n}`);
    open(lasting, "01234567-89ab-7def-8123-0000000000ff");
    looked.mockClear();
    for (let second = 0; second < 30; second++) {
      vi.advanceTimersByTime(1_000);
      const passing = open(["q", `passing-${second}`], "01234567-89ab-7def-8123-0000000000aa");
      registry.remove(passing);
      passing.end();
    }
    const queues = looked.mock.calls.flatMap(([names]) => names);
    expect(queues.filter((name) => lasting.includes(name)).toSorted()).toEqual(lasting.toSorted());
  });

  it("ask once for all queues of a stream", async () => {
    const { store } = own.current;
    const names = Array.from({ length: 300 }, (_, n) => `queue-${n}`);
    await Promise.all(names.slice(0, 10).map((name) => store.send(name, [item()], SETTINGS)));
    const { open, tick, looked } = startPumps();
    await vi.waitFor(() => expect(looked).toHaveResolvedTimes(1));
    const session = open(names, SESSION_ID.replace("0123", "4567"));
    await vi.waitFor(() => expect(session.held).toBe(10), 5_000);
    expect(looked).toHaveBeenCalledTimes(2);
    expect(tick).toHaveBeenCalledTimes(10);
  });

  describe("of paused queues", () => {
    const OTHER_ID = SESSION_ID.replace("0123", "4567");
    const invented = Array.from({ length: 100 }, (_, n) => `invented-${n}`);

    it("tick only those that exist, and report the pause of each", async () => {
      await own.current.store.send("q", [item()], SETTINGS);
      const paused = { ...DEFAULT_QUEUE_SETTINGS, paused: true };
      const { open, tick, statuses, session } = startPumps(undefined, paused);
      open(invented, OTHER_ID);
      await vi.waitFor(() => expect(statuses).toHaveLength(101), 5_000);
      expect(statuses).toContainEqual({ queue: "q", paused: true });
      expect(statuses).toContainEqual({ queue: "invented-99", paused: true });
      expect(new Set(tick.mock.calls.map(([queue]) => queue))).toEqual(new Set(["q"]));
      expect(session.held).toBe(0);
    });

    it("tick all of them, once, if it cannot be read which ones exist", async () => {
      const { redis, prefix } = own.current;
      const list = partitionKeys(prefix, partitionOf("q")).queues;
      await redis.set(list, "no list of queues");
      const paused = { ...DEFAULT_QUEUE_SETTINGS, paused: true };
      const { tick, statuses, looked } = startPumps(undefined, paused);
      const reported = () => expect(statuses).toEqual([{ queue: "q", paused: true }]);
      await vi.waitFor(reported, 5_000).finally(() => redis.del(list));
      expect(tick).toHaveBeenCalledTimes(1);
      expect(looked).toHaveBeenCalledTimes(1);
    });

    it("report the end of a pause, also of those that do not exist", async () => {
      const { clock } = own.current;
      const pausedUntilAtMs = clock.nowMs + 60_000;
      const paused = { ...DEFAULT_QUEUE_SETTINGS, paused: true, pausedUntilAtMs };
      const { reconnected, tick, statuses } = startPumps(undefined, paused);
      await vi.waitFor(() => expect(statuses).toEqual([{ queue: "q", paused: true }]), 5_000);
      await clock.advance(60_000);
      reconnected();
      await vi.waitFor(() => expect(statuses.at(-1)).toEqual({ queue: "q", paused: false }), 5_000);
      expect(tick).not.toHaveBeenCalled();
    });
  });
});
