import type { DumpedMessage, QueueDump } from "../support/store-dump.ts";
import { brokenInvariants } from "../support/store-invariants.ts";
import type { Life } from "./life/life.ts";
import { isSuspect, type Message } from "./life/message.ts";

/** Where the store and the model tell different things, in words. Empty: nowhere. */
export function differences(life: Life, dump: QueueDump): string[] {
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
    const told = facts(message);
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
  return found;
}

/** What a message's lease still decides is compared only while it has one. */
function facts(message: Message) {
  const { state, reason, quarantineReason, failures, attempts, doubt, poisoned } = message;
  const always = {
    ...{ state, reason, quarantineReason, failures, attempts, doubt, poisoned },
    deliveries: message.deliveries,
    expireAtMs: message.expireAtMs,
    envelope: message.envelope,
    nonce: message.lease?.nonce ?? "",
  };
  const counted = { expiries: message.expiries, releases: message.releases };
  if (state === "QUARANTINED") return { ...always, sinceMs: message.sinceMs };
  const waiting = { ...always, ...counted, isolated: isSuspect(message), dueAtMs: message.dueAtMs };
  if (message.lease === undefined) return waiting;
  const leased = { ...waiting, rejoined: message.rejoined, session: message.lease.session };
  if (state !== "IN_FLIGHT") return leased;
  return { ...leased, lengthMs: message.lease.lengthMs, endsAtMs: message.lease.endsAtMs };
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
