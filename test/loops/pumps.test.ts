import { afterEach, describe, expect, it, vi } from "vitest";
import { Session } from "../../src/app/delivery/session.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { storeUnavailable } from "../../src/core/errors.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { Pumps } from "../../src/loops/pumps.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS } from "../support/store-items.ts";

const own = useTestStore();
const SESSION_ID = "01234567-89ab-7def-8123-456789abcdef";
const quiet = { isLevelEnabled: () => false, debug: () => {}, info: () => {}, warn: () => {} };

let pumps: Pumps | undefined;
afterEach(() => pumps?.stop());

/** Pumps on the real store, whose hints are all lost, and one stream that reads from `q`. */
function startPumps(queues: () => Promise<string[]>) {
  const real = own.current.store;
  const registry = new SessionRegistry(real.hints);
  let reconnected = () => {};
  let woken = (_queue: string) => {};
  const tick = vi.fn((...[queue, request]: Parameters<typeof real.tick>) =>
    real.tick(queue, request),
  );
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
      tick,
      abandon: (queue, claim, sessions) => real.abandon(queue, claim, sessions),
      settle: (queue, request, items) => real.settle(queue, request, items),
      queues,
      existing: (names) => real.existing(names),
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
  const session = new Session({
    idText: SESSION_ID,
    id: Uint8Array.from(Buffer.from(SESSION_ID.replaceAll("-", ""), "hex")),
    workerId: "w",
    queues: ["q"],
    maxInFlight: 10,
    maxInFlightBytes: 1_000_000,
    leaseMs: undefined,
  });
  registry.add(session);
  session.read(() => {});
  pumps.start();
  return {
    session,
    tick,
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
    await store.existing(["q"]);
    expect(tick).not.toHaveBeenCalled();
    await store.send("q", [item()], SETTINGS);
    woken("q");
    await vi.waitFor(() => expect(session.held).toBe(1), 5_000);
  });
});
