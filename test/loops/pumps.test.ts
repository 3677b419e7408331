import { afterEach, describe, expect, it, vi } from "vitest";
import { Session } from "../../src/app/delivery/session.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { storeUnavailable } from "../../src/core/errors.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { Pumps, TENDING_AT_ONCE } from "../../src/loops/pumps.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import type { Store } from "../../src/store/contract.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS } from "../support/store-items.ts";

const own = useTestStore();
const SESSION_ID = "01234567-89ab-7def-8123-456789abcdef";
const quiet = { isLevelEnabled: () => false, debug: () => {}, info: () => {}, warn: () => {} };

let pumps: Pumps | undefined;
afterEach(() => pumps?.stop());

/** Pumps on the real store, whose hints are all lost, and one stream that reads from `q`. */
function startPumps(
  queues: () => Promise<string[]>,
  tick: Store["tick"] = (queue, request) => own.current.store.tick(queue, request),
) {
  const real = own.current.store;
  const registry = new SessionRegistry(real.hints);
  let reconnected = () => {};
  let woken = (_queue: string) => {};
  const spied = vi.fn(tick);
  const hints = {
    onWake(listener: (queue: string) => void) {
      woken = listener;
    },
    onCredit: () => {},
    onTakeover: () => {},
    onConfig: () => {},
    onReconnect(listener: () => void) {
      reconnected = listener;
    },
    announceCredit: () => {},
    announceTakeover: () => {},
  };
  pumps = new Pumps({
    store: {
      tick: spied,
      abandon: (queue, claim, sessions) => real.abandon(queue, claim, sessions),
      settle: (queue, request, items) => real.settle(queue, request, items),
      queues,
      existingOf: (names) => real.existingOf(names),
      registerWorkers: (queue) => real.registerWorkers(queue),
      hints,
      configs: real.configs,
    },
    registry,
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    random: () => 0.5,
    observer: NO_METRICS,
    log: quiet,
    onDeleting() {},
  });
  const open = (queue: string, id = SESSION_ID) => {
    const session = new Session({
      idText: id,
      id: Uint8Array.from(Buffer.from(id.replaceAll("-", ""), "hex")),
      workerId: "w",
      queues: [queue],
      maxInFlight: 10,
      maxInFlightBytes: 1_000_000,
      leaseMs: undefined,
    });
    registry.add(session);
    session.read(() => {});
    return session;
  };
  const session = open("q");
  pumps.start();
  return {
    ...{ session, open, tick: spied },
    woken: (queue: string) => woken(queue),
    reconnected: () => reconnected(),
  };
}

describe("pumps", () => {
  it("tick every queue after a reconnect, also if the store is not usable at once", async () => {
    const { store } = own.current;
    let unavailable = false;
    const queues = vi.fn(async () => {
      if (unavailable) throw storeUnavailable(250);
      return store.queues();
    });
    const { session, reconnected } = startPumps(queues);
    await vi.waitFor(() => expect(queues).toHaveResolvedTimes(1));

    // Hints have their own connection, which may be back before the one of the scripts.
    unavailable = true;
    await store.send("q", [item()], SETTINGS);
    reconnected();
    await vi.waitFor(() => expect(queues).toHaveBeenCalledTimes(2));
    expect(session.held).toBe(0);
    unavailable = false;
    await vi.waitFor(() => expect(session.held).toBe(1), 5_000);
  });

  it("tick every queue at the start, also if the store is not usable yet", async () => {
    const { store } = own.current;
    await store.send("q", [item()], SETTINGS);
    let lists = 0;
    const { session } = startPumps(async () => {
      if (lists++ === 0) throw storeUnavailable(250);
      return store.queues();
    });
    await vi.waitFor(() => expect(session.held).toBe(1), 5_000);
  });

  it("do not tick a queue that does not exist, until its first message", async () => {
    const { store } = own.current;
    const queues = vi.fn(() => store.queues());
    const { session, tick, woken } = startPumps(queues);
    await vi.waitFor(() => expect(queues).toHaveResolvedTimes(1));
    // Asked after the list, so its answer comes later than that of the stream's own names.
    await store.existingOf(["q"]);
    expect(tick).not.toHaveBeenCalled();
    await store.send("q", [item()], SETTINGS);
    woken("q");
    await vi.waitFor(() => expect(session.held).toBe(1), 5_000);
  });
});

describe("pumps of many queues", () => {
  const MANY = 300;
  const names = Array.from({ length: MANY }, (_, n) => `queue-${n}`);

  it("tick few queues at once, at the start and after a reconnect", async () => {
    let running = 0;
    let most = 0;
    let ticks = 0;
    const { reconnected } = startPumps(
      async () => names,
      async (queue, request) => {
        most = Math.max(most, ++running);
        try {
          return await own.current.store.tick(queue, request);
        } finally {
          running--;
          ticks++;
        }
      },
    );
    await vi.waitFor(() => expect(ticks).toBeGreaterThanOrEqual(MANY));
    reconnected();
    await vi.waitFor(() => expect(ticks).toBeGreaterThanOrEqual(2 * MANY));
    // One more for the queue with a stream.
    expect(most).toBeLessThanOrEqual(TENDING_AT_ONCE + 1);
  });

  it("deliver to streams while the ticks of other queues wait", async () => {
    const { store } = own.current;
    await store.send("q", [item()], SETTINGS);
    await store.send("late", [item()], SETTINGS);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let hanging = 0;
    const { session, open } = startPumps(
      async () => [...names, "q", "late"],
      async (queue, request) => {
        hanging++;
        if (names.includes(queue)) await released;
        hanging--;
        return store.tick(queue, request);
      },
    );
    try {
      await vi.waitFor(() => expect(session.held).toBe(1));
      await vi.waitFor(() => expect(hanging).toBe(TENDING_AT_ONCE));
      const late = open("late", SESSION_ID.replace("0123", "4567"));
      await vi.waitFor(() => expect(late.held).toBe(1));
    } finally {
      release();
    }
  });
});
