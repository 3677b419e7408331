import type { OpenBreaker } from "../../src/store/contract.ts";
import type { DumpedMessage, QueueDump } from "../support/store-dump.ts";
import { brokenInvariants } from "../support/store-invariants.ts";
import type { Life } from "./life/life.ts";
import { type Message, needsIsolation } from "./life/message.ts";
import { hasTurn } from "./life/orders.ts";

/** Where the store and the model tell different things, in words. Empty: nowhere. */
export function differences(
  life: Life,
  dump: QueueDump,
  breakers: readonly OpenBreaker[],
): string[] {
  const found = brokenInvariants(dump);
  const say = (what: string, stored: unknown, told: unknown) => {
    if (stored !== told) found.push(`${what} is ${stored}, not ${told}`);
  };
  for (const [id, message] of life.messages) {
    const stored = dump.messages.get(id);
    if (!stored) {
      found.push(`${id} (${message.state}) is not stored`);
      continue;
    }
    const told = facts(life, message);
    const seen: Record<string, unknown> = stateOf(stored, dump, id);
    for (const [name, value] of Object.entries(told)) say(`${name} of ${id}`, seen[name], value);
  }
  for (const [id, { state }] of dump.messages) {
    if (!life.messages.has(id)) found.push(`${id} (${state}) is stored and should be gone`);
  }
  for (const [name, value] of Object.entries(life.counts)) {
    say(`count ${name}`, dump.counters[name] ?? 0, value);
  }
  // What a script had to put right was wrong before.
  say("count healed", dump.counters.healed ?? 0, 0);
  compareBreakers(life, breakers, say);
  return found;
}

/** Of those that are not closed. */
function compareBreakers(
  life: Life,
  breakers: readonly OpenBreaker[],
  say: (what: string, stored: unknown, told: unknown) => void,
): void {
  const stored = new Map(breakers.map((one) => [one.key, one]));
  for (const key of new Set([...stored.keys(), ...life.breakers.keys()])) {
    const [seen, told] = [stored.get(key), life.breakers.get(key)];
    const state = seen?.state ?? "CLOSED";
    // Half-open with the first look after its time, or with the first message handed out.
    const isTime = told?.state === "OPEN" && told.retryAtMs <= life.nowMs;
    if (!(isTime && state === "HALF_OPEN")) say(`breaker ${key}`, state, told?.state ?? "CLOSED");
    if (seen === undefined || told === undefined) continue;
    say(`opening of breaker ${key}`, seen.openSinceMs, told.openSinceMs);
    say(`openings of breaker ${key}`, seen.openedCount, told.openedCount);
    if (seen.state === "OPEN") say(`next try of breaker ${key}`, seen.retryAtMs, told.retryAtMs);
  }
}

/** What a message's lease still decides is compared only while it has one. */
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
    endsAtMs: dump.indexes.leases.get(id),
  };
}
