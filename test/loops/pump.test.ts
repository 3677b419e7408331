import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Session } from "../../src/app/delivery/session.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { NO_DELIVERY_SETTINGS } from "../../src/core/delivery-settings.ts";
import type { DeliveryStatus } from "../../src/core/delivery-status.ts";
import { storeUnavailable } from "../../src/core/errors.ts";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../src/core/settings.ts";
import { Turns } from "../../src/core/turns.ts";
import { Pump, type PumpParts } from "../../src/loops/pump.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import type { Claimed } from "../../src/store/contract.ts";
import { useTestStore } from "../support/store.ts";
import { item, NO_REQUEST, outcome, SETTINGS } from "../support/store-items.ts";

const own = useTestStore();
const SESSION_ID = "01234567-89ab-7def-8123-456789abcdef";
const quiet = { isLevelEnabled: () => false, debug: () => {}, info: () => {}, warn: () => {} };

let pump: Pump | undefined;
afterEach(() => pump?.stop());

let claims = 0;

/** A pump on the real store, whose ticks a test can interrupt, and one stream that reads. */
function startPump(
  store: Partial<PumpParts["store"]>,
  {
    maxInFlight = 10,
    settingsOf = (): QueueSettings => DEFAULT_QUEUE_SETTINGS,
  }: { maxInFlight?: number; settingsOf?: () => QueueSettings } = {},
) {
  const real = own.current.store;
  const registry = new SessionRegistry(real.hints);
  const session = new Session({
    idText: SESSION_ID,
    id: Uint8Array.from(Buffer.from(SESSION_ID.replaceAll("-", ""), "hex")),
    workerId: "w",
    queues: ["q"],
    maxInFlight,
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
    settingsOf,
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

  describe("with a full stream", () => {
    const PAUSE_MS = 200;

    /** A pump with two due messages, and a stream with room for one. It sends what it gets. */
    async function fill(settingsOf?: () => QueueSettings) {
      const { store } = own.current;
      await store.send("q", [item(), item()], SETTINGS);
      const tick = vi.fn<PumpParts["store"]["tick"]>((queue, request) =>
        store.tick(queue, request),
      );
      const parts = startPump({ tick }, { maxInFlight: 1, ...(settingsOf && { settingsOf }) });
      const { pump, session } = parts;
      const statuses: DeliveryStatus[] = [];
      const taken: Claimed[] = [];
      const read = () => {
        taken.push(...session.takeFrame());
        for (let next = session.takeStatus(); next !== undefined; next = session.takeStatus()) {
          statuses.push(next.deliveryStatus);
        }
        session.read(read);
      };
      session.read(read);
      pump.wake();
      await vi.waitFor(() => expect(session.held).toBe(1));
      const end = async () => {
        const [claimed] = taken.splice(0);
        if (claimed === undefined) throw new Error("the stream has no message");
        await store.settle("q", NO_REQUEST, [outcome(claimed, "succeed")]);
        session.release("q", claimed.id);
      };
      return { ...parts, tick, statuses, taken, end };
    }

    it("reports the end of a pause, and claims when there is room", async () => {
      const { clock } = own.current;
      let settings = DEFAULT_QUEUE_SETTINGS;
      const { pump, session, statuses, taken, end } = await fill(() => settings);
      settings = { ...settings, paused: true, pausedUntilAtMs: clock.nowMs + PAUSE_MS };
      pump.change();
      await vi.waitFor(() => expect(statuses).toMatchObject([{ paused: true }]));
      await clock.advance(PAUSE_MS);
      await vi.waitFor(() => expect(statuses.map(({ paused }) => paused)).toEqual([true, false]));
      expect(session.held).toBe(1);
      await end();
      await vi.waitFor(() => expect(taken).toHaveLength(1));
    });

    it("reports a pause after a tick that failed", async () => {
      let settings = DEFAULT_QUEUE_SETTINGS;
      const { pump, statuses, tick } = await fill(() => settings);
      settings = { ...settings, paused: true };
      tick.mockRejectedValueOnce(storeUnavailable(0));
      pump.change();
      await vi.waitFor(() => expect(statuses).toMatchObject([{ paused: true }]));
    });

    it("claims when there is room, although a pause ended before", async () => {
      const { clock } = own.current;
      let settings = DEFAULT_QUEUE_SETTINGS;
      const { taken, end, tick } = await fill(() => settings);
      settings = { ...settings, paused: true, pausedUntilAtMs: clock.nowMs + PAUSE_MS };
      await clock.advance(PAUSE_MS);
      const ticks = tick.mock.calls.length;
      await end();
      await vi.waitFor(() => expect(taken).toHaveLength(1));
      expect(tick.mock.calls.length).toBe(ticks + 1);
    });

    it("claims when there is room, although the rate allowed it before", async () => {
      const { clock } = own.current;
      own.current.deliverySettings = {
        ...NO_DELIVERY_SETTINGS,
        rate: { perSecond: 1_000 / PAUSE_MS, burst: 1 },
      };
      const { taken, end } = await fill();
      await clock.advance(PAUSE_MS);
      await end();
      await vi.waitFor(() => expect(taken).toHaveLength(1));
    });

    it("claims when the rate allows it, although there was room before", async () => {
      const { clock } = own.current;
      own.current.deliverySettings = {
        ...NO_DELIVERY_SETTINGS,
        rate: { perSecond: 1_000 / PAUSE_MS, burst: 1 },
      };
      const { taken, end, tick } = await fill();
      const ticks = tick.mock.calls.length;
      await end();
      await vi.waitFor(() => expect(tick.mock.calls.length).toBe(ticks + 1));
      expect(taken).toHaveLength(0);
      await clock.advance(PAUSE_MS);
      await vi.waitFor(() => expect(taken).toHaveLength(1));
    });
  });
});
