import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Session } from "../../src/app/delivery/session.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { Turns } from "../../src/core/turns.ts";
import { Pump, type PumpParts } from "../../src/loops/pump.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS } from "../support/store-items.ts";

const own = useTestStore();
const SESSION_ID = "01234567-89ab-7def-8123-456789abcdef";
const quiet = { isLevelEnabled: () => false, debug: () => {}, info: () => {}, warn: () => {} };

let pump: Pump | undefined;
afterEach(() => pump?.stop());

let claims = 0;

/** A pump on the real store, whose ticks a test can interrupt, and one stream that reads. */
function startPump(store: Partial<PumpParts["store"]>) {
  const real = own.current.store;
  const registry = new SessionRegistry(real.hints);
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
  pump = new Pump("q", {
    store: {
      tick: (queue, request) => real.tick(queue, request),
      abandon: (queue, claim, sessions) => real.abandon(queue, claim, sessions),
      settle: (queue, request, items) => real.settle(queue, request, items),
      ...store,
    },
    registry,
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    random: () => 0.5,
    nextClaimNumber: () => ++claims,
    turns: new Turns(1),
    observer: NO_METRICS,
    log: quiet,
    onDeleting() {},
  });
  return { pump, session };
}

describe("a pump", () => {
  it("claims a message that arrives during a tick", async () => {
    const { store } = own.current;
    let first = true;
    const { pump, session } = startPump({
      // The tick saw an empty queue, and the hint arrives before its reply.
      async tick(queue, request) {
        const reply = await store.tick(queue, request);
        if (first) {
          first = false;
          await store.send("q", [item()], SETTINGS);
          pump.wake();
        }
        return reply;
      },
    });
    pump.wake();
    await vi.waitFor(() => expect(session.held).toBe(1));
  });

  it("misses no due time, however close it is", async () => {
    // Each read of the clock advances it: due times fall between two reads.
    let nowMs = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => (nowMs += 1));
    onTestFinished(() => clock.mockRestore());
    const aheadMs = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5];
    let ticks = 0;
    const { pump } = startPump({
      async tick(queue, request) {
        const reply = await own.current.store.tick(queue, request);
        const ahead = aheadMs[ticks++];
        return ahead === undefined ? reply : { ...reply, nextDueAtMs: reply.nowMs + ahead };
      },
    });
    pump.wake();
    await vi.waitFor(() => expect(ticks).toBeGreaterThan(aheadMs.length));
  });
});
