import { expect, it } from "vitest";
import { type Reservation, Session } from "../../../src/app/delivery/session.ts";
import { UNBLOCKED } from "../../../src/core/delivery-status.ts";
import type { Claimed } from "../../../src/store/contract.ts";

const BYTES = 10_000;
const MOST = 200;

function reading(maxInFlightBytes = BYTES): Session {
  const session = new Session({
    idText: "0190a0b0-0000-7000-8000-000000000001",
    id: new Uint8Array(16),
    workerId: "worker",
    queues: ["a", "b"],
    maxInFlight: 32,
    maxInFlightBytes,
    leaseMs: undefined,
  });
  session.read(() => {});
  return session;
}

function claimOf(queue: string, at: number, bytes: number): Claimed {
  return {
    session: 0,
    queue,
    id: new Uint8Array(16).fill(at),
    bytes,
    envelope: new Uint8Array(bytes),
    isolated: false,
    deliveryNumber: 1,
  } as Claimed;
}

function taken(reservation: Reservation | undefined): Reservation {
  if (reservation === undefined) throw new Error("no room");
  return reservation;
}

it("reserves no bytes for a queue while a claim for another queue is open", () => {
  const session = reading();
  const held = claimOf("a", 1, 300);
  session.settle(taken(session.reserve("a", MOST, false)), [held]);
  session.takeFrame();
  session.read(() => {});

  // An open claim reserves all free bytes, and a lease ends meanwhile.
  const first = taken(session.reserve("a", MOST, false));
  expect(first.bytes).toBe(BYTES - 300);
  session.release("a", held.id, 1);
  // With only 300 bytes the first message might count as too large.
  expect(session.reserve("b", MOST, false)).toBeUndefined();

  session.settle(first, [claimOf("a", 2, 400)]);
  session.takeFrame();
  session.read(() => {});
  expect(taken(session.reserve("b", MOST, false)).bytes).toBe(BYTES - 400);
});

it("notifies a stream of a queue's status once when it changes, with the latest status only", () => {
  const session = reading();
  session.notify("a", UNBLOCKED);
  expect(session.takeStatus()).toBeUndefined();
  const open = { ...UNBLOCKED, breaker: "OPEN", retryAtMs: 1, openBreakers: 1 } as const;
  session.notify("a", { ...open, retryAtMs: 0 });
  session.notify("a", open);
  expect(session.takeStatus()).toEqual({ queue: "a", deliveryStatus: open });
  session.notify("a", { ...open });
  expect(session.takeStatus()).toBeUndefined();
  session.notify("a", UNBLOCKED);
  session.notify("a", open);
  expect(session.takeStatus()).toBeUndefined();
  session.notify("a", UNBLOCKED);
  expect(session.takeStatus()).toEqual({ queue: "a", deliveryStatus: UNBLOCKED });
});

it("shares many bytes between claims for several queues, each with enough for the largest message", () => {
  const session = reading(64 * 1024 * 1024);
  const first = taken(session.reserve("a", 8, false));
  const second = taken(session.reserve("b", 8, false));
  expect(first.bytes).toBe(16 * 1024 * 1024);
  expect(second.bytes).toBe(12 * 1024 * 1024);
  session.settle(first, []);
  session.settle(second, []);
  expect(taken(session.reserve("a", 8, false)).bytes).toBe(16 * 1024 * 1024);
});

it("takes no further messages while it is quiet, and keeps what it holds", () => {
  const session = reading();
  const [held, open] = [claimOf("a", 1, 300), claimOf("a", 2, 300)];
  session.settle(taken(session.reserve("a", MOST, false)), [held]);
  expect(session.takeFrame()).toEqual([held]);
  session.read(() => {});
  const claiming = taken(session.reserve("a", MOST, false));
  session.quiet = true;
  expect(session.reserve("a", MOST, false)).toBeUndefined();
  // Claimed before: the worker gets it.
  session.settle(claiming, [open]);
  expect(session.takeFrame()).toEqual([open]);
  session.read(() => {});
  session.release("a", held.id, 1);
  expect(session.held).toBe(1);
  expect(session.reserve("a", MOST, false)).toBeUndefined();
});

it("offers its room at once when it is no longer quiet", async () => {
  const session = reading();
  session.quiet = true;
  const offered = new Promise<void>((resolve) => session.onceRoom(resolve));
  session.quiet = false;
  await offered;
  expect(session.reserve("a", MOST, false)).toBeDefined();
});
