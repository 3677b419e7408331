import type { OpenBreaker } from "../../src/store/contract.ts";
import type { DumpedMessage, QueueDump } from "../support/store-dump.ts";
import { brokenInvariants } from "../support/store-invariants.ts";
import type { Life } from "./life/life.ts";
import { type Message, needsIsolation } from "./life/message.ts";
import { hasTurn } from "./life/orders.ts";
import { digestOf } from "./real/group-of.ts";

/** The differences between store and model, as text. Empty: none. */
export function differences(
  life: Life,
  dump: QueueDump,
  breakers: readonly OpenBreaker[],
): string[] {
  const found = brokenInvariants(dump);
  const check = (what: string, stored: unknown, expected: unknown) => {
    if (stored !== expected) found.push(`${what} is ${stored}, not ${expected}`);
  };
  for (const [id, message] of life.messages) {
    const stored = dump.messages.get(id);
    if (!stored) {
      found.push(`${id} (${message.state}) is not stored`);
      continue;
    }
    const expected = facts(life, message);
    const seen: Record<string, unknown> = stateOf(stored, dump, id);
    check(
      `group of ${id}`,
      dump.groups.digests.get(stored.group),
      digestOf(message.reason).toString("hex"),
    );
    for (const [name, value] of Object.entries(expected))
      check(`${name} of ${id}`, seen[name], value);
  }
  for (const [id, { state }] of dump.messages) {
    if (!life.messages.has(id)) found.push(`${id} (${state}) is stored and should be gone`);
  }
  for (const [name, value] of Object.entries(life.counts)) {
    check(`count ${name}`, dump.counters[name] ?? 0, value);
  }
  // A script repaired something: it was wrong before.
  check("count healed", dump.counters.healed ?? 0, 0);
  compareBreakers(life, breakers, check);
  return found;
}

/** Of those that are not closed. */
function compareBreakers(
  life: Life,
  breakers: readonly OpenBreaker[],
  check: (what: string, stored: unknown, expected: unknown) => void,
): void {
  const stored = new Map(breakers.map((one) => [one.key, one]));
  for (const key of new Set([...stored.keys(), ...life.breakers.keys()])) {
    const [seen, expected] = [stored.get(key), life.breakers.get(key)];
    const state = seen?.state ?? "CLOSED";
    // Half-open at the first look after its time, or at the first delivery.
    const isTime = expected?.state === "OPEN" && expected.retryAtMs <= life.nowMs;
    if (!(isTime && state === "HALF_OPEN"))
      check(`breaker ${key}`, state, expected?.state ?? "CLOSED");
    if (seen === undefined || expected === undefined) continue;
    check(`opening of breaker ${key}`, seen.openSinceMs, expected.openSinceMs);
    check(`openings of breaker ${key}`, seen.openedCount, expected.openedCount);
    if (seen.state === "OPEN")
      check(`next try of breaker ${key}`, seen.retryAtMs, expected.retryAtMs);
  }
}

/** The facts of a lease are compared only while the message has one. */
function facts(life: Life, message: Message) {
  const { state, reason, quarantineReason, failures, attempts, doubt, poisoned } = message;
  const always = {
    ...{ state, reason, quarantineReason, failures, attempts, doubt, poisoned },
    deliveries: message.deliveries,
    expireAtMs: message.expireAtMs,
    envelope: message.envelope,
    ...{ priority: message.priority, limiterKey: message.key, orderingKey: message.order },
    nonce: message.lease?.nonce ?? "",
  };
  const counted = { expiries: message.expiries, releases: message.releases };
  if (state === "QUARANTINED") return { ...always, sinceMs: message.sinceMs };
  const waiting = {
    ...always,
    ...counted,
    isolated: needsIsolation(message),
    dueAtMs: message.dueAtMs,
  };
  const { lease } = message;
  const leased =
    lease === undefined
      ? waiting
      : { ...waiting, rejoined: message.rejoined, session: lease.session };
  if (state === "IN_FLIGHT" && lease !== undefined) {
    const { lengthMs, endsAtMs, isProbe: probe } = lease;
    return { ...leased, lengthMs, endsAtMs, probe };
  }
  return { ...leased, budgeted: message.budgeted, waiting: !hasTurn(life, message) };
}

function stateOf(stored: DumpedMessage, dump: QueueDump, id: string) {
  return {
    ...stored,
    doubt: stored.unknown,
    deliveries: stored.deliveryNumber,
    expireAtMs: stored.expireAtMs === 0 ? undefined : stored.expireAtMs,
    lengthMs: stored.leaseMs,
    // Half a millisecond less after a grace.
    endsAtMs: Math.ceil(dump.indexes.leases.get(id) ?? 0),
  };
}
