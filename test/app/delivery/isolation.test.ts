import { expect, test } from "vitest";
import { QueueIsolation } from "../../../src/app/delivery/isolation.ts";
import { Session } from "../../../src/app/delivery/session.ts";

const ISOLATED_DUE = { dueAtMs: 0, isolatedDue: true, normalDue: false, onlyTooLarge: false };

function holding(count: number): Session {
  const session = new Session({
    ...{ idText: `${count}`, id: new Uint8Array(16), workerId: "w", queues: ["q"] },
    ...{ maxInFlight: 10, maxInFlightBytes: 1 << 20, leaseMs: undefined },
  });
  const leases = Array.from({ length: count }, (_, n) => {
    const id = new Uint8Array(16).fill(n);
    return { id, deliveryNumber: 1, nonce: new Uint8Array(8), bytes: 1, isolated: false };
  });
  session.resume("q", leases);
  return session;
}

test("no quiet session becomes empty for an isolated message", () => {
  const sessions = [holding(1), holding(2), holding(3)] as const;
  const queue = new QueueIsolation("q");
  const update = () => queue.update(ISOLATED_DUE, sessions, false, 60_000, () => {});
  const emptying = () => sessions.map(({ isolation }) => isolation.isEmptying);
  sessions[0].quiet = true;
  update();
  expect(emptying()).toEqual([false, true, false]);
  // Another one is chosen in place of one that becomes quiet meanwhile.
  sessions[1].quiet = true;
  update();
  expect(emptying()).toEqual([false, false, true]);
  sessions[2].quiet = true;
  update();
  expect(emptying()).toEqual([false, false, false]);
});
