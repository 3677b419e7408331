import { QUARANTINE_REASONS, REASONS } from "../../src/core/reason.ts";
import { CONSTANTS } from "../../src/store/redis/packed/constants.ts";
import { brokenDeleted, chunksOfDeleted } from "./store-deleted.ts";
import type { QueueDump } from "./store-dump.ts";
import { brokenKeyQueues } from "./store-key-queues.ts";
import type { DumpedState } from "./store-state.ts";

/** Returns the contradictions in the data of a queue, as text. Empty: none. */
export function brokenInvariants(dump: QueueDump): string[] {
  const broken: string[] = [];
  const check = (holds: boolean, words: string) => {
    if (!holds) broken.push(words);
  };

  // Each message is in the one index of its state, under the score that its state names.
  for (const [id, m] of dump.messages) {
    const name = `message ${m.arrival}`;
    const own = indexOf(m);
    for (const index of ["due", "isolated", "laned", "moving", "leases", "quarantine"] as const) {
      const there = dump.indexes[index].has(id);
      check(
        there === (index === own),
        `${name} (${m.state}) ${there ? "is" : "is not"} in ${index}`,
      );
    }
    const score = dump.indexes[own].get(id);
    if (own === "due" || own === "laned") check(score === m.dueAtMs, `${name}: due ${score}`);
    // While its key is closed, a message with isolated delivery is looked at later.
    if (own === "isolated") check((score ?? 0) >= m.dueAtMs, `${name}: due ${score}`);
    if (own === "quarantine") check(score === m.sinceMs, `${name}: since ${score}`);
    if (own === "moving") check(score === m.sinceMs, `${name}: move started ${score}`);
    if (m.state === "SCHEDULED" && !m.moving && m.expireAtMs > 0) {
      // May be too early, never too late.
      const end = dump.chunkEnds.get(m.chunk) ?? Number.POSITIVE_INFINITY;
      check(end <= m.expireAtMs, `${name}: ends at ${m.expireAtMs}, its chunk says ${end}`);
    }
    if (m.state === "IN_FLIGHT") {
      check(m.nonce !== "" && m.session !== "", `${name}: in flight without a lease`);
      check(dump.sessions[m.session]?.includes(id) === true, `${name}: not among its session's`);
    }
    check((m.quarantineReason !== undefined) === (m.state === "QUARANTINED"), `${name}: why there`);
    const stored = (m.envelope?.length ?? -1) + (m.edits?.length ?? 0);
    check(stored === m.bytes, `${name}: ${m.bytes} bytes, stored ${stored}`);
    check(m.edited === dump.edits.includes(id), `${name}: edited flag`);
    check(m.hasHistory === dump.histories.includes(id), `${name}: history flag`);
    check(m.hasTimeline === dump.timelines.includes(id), `${name}: mark of its timeline`);
    check(m.hasEventFields === dump.eventFields.includes(id), `${name}: mark of event fields`);
    check(String(Math.floor(m.arrival / 128)) === m.chunk, `${name}: in the wrong chunk`);
  }

  const inGroups = Map.groupBy(
    [...dump.messages.values()].filter(({ group }) => group > 0),
    ({ group }) => group,
  );
  for (const number of new Set([...inGroups.keys(), ...dump.groups.counts.keys()])) {
    const [messages, counted] = [inGroups.get(number)?.length, dump.groups.counts.get(number)];
    check(messages === counted, `group ${number} has ${messages} messages, counted ${counted}`);
  }

  // No index, body, history or session names a message that does not exist.
  for (const [index, entries] of Object.entries(dump.indexes)) {
    for (const id of entries.keys()) check(dump.messages.has(id), `${index} has an orphan ${id}`);
  }
  const isStored = (id: string) => dump.messages.has(id) || dump.deleted.messages.has(id);
  for (const id of dump.bodies) check(isStored(id), `a body without a message: ${id}`);
  for (const id of dump.movedIn.keys())
    check(dump.messages.has(id), `moved in, and no message: ${id}`);
  check(
    same([...dump.byAge.keys()].sort(), [...dump.movedIn.keys()].sort()),
    "those that came here are not those whose age is known",
  );
  for (const id of dump.edits) check(isStored(id), `edits without a message: ${id}`);
  for (const id of dump.eventFields) check(isStored(id), `event fields without a message: ${id}`);
  for (const id of dump.timelines)
    check(dump.messages.has(id), `a timeline without a message: ${id}`);
  for (const id of dump.histories) check(isStored(id), `a history without a message: ${id}`);
  for (const [session, ids] of Object.entries(dump.sessions)) {
    for (const id of ids) {
      const m = dump.messages.get(id);
      check(m?.state === "IN_FLIGHT" && m.session === session, `session holds what it lost: ${id}`);
    }
  }
  check(same(dump.chunks.indexed, dump.chunks.states), "the chunks' index lists other chunks");
  const mortal = [...dump.chunkEnds.keys()].filter((chunk) => !dump.chunks.states.includes(chunk));
  check(mortal.length === 0, `expiry names chunks that are not there: ${mortal}`);
  const withContent = [...new Set([...dump.chunks.states, ...chunksOfDeleted(dump)])].sort();
  check(same(dump.chunks.bodies, withContent), "chunks of bodies are not those of states");

  return [
    ...broken,
    ...brokenDeleted(dump),
    ...brokenKeyQueues(dump),
    ...brokenCounts(dump),
    ...lateWakeUps(dump),
  ];
}

/** A wake-up index may be too early, never too late. */
function lateWakeUps({ indexes, keyQueues, counters, wakeUps, firstEndMs }: QueueDump): string[] {
  // A queue that is deleted hands out nothing.
  if (counters.deleting !== undefined) return [];
  // Not by spreading: there may be hundreds of thousands.
  const first = (...times: Iterable<number>[]) => {
    let least = Number.POSITIVE_INFINITY;
    for (const some of times) for (const time of some) least = Math.min(least, time);
    return least;
  };
  const prioritized = [...keyQueues.prioritized.values()].flatMap((ids) => [...ids.values()]);
  const needed = {
    ready: first(
      indexes.due.values(),
      prioritized,
      keyQueues.entries.values(),
      keyQueues.limiters.values(),
    ),
    isolated: first(indexes.isolated.values()),
    tend: first(
      [...indexes.leases.values()].map(Math.ceil),
      keyQueues.holds.values(),
      firstEndMs === undefined ? [] : [firstEndMs],
    ),
  };
  const late = Object.entries(needed).flatMap(([index, at]) => {
    const there = wakeUps[index as keyof typeof needed] ?? Number.POSITIVE_INFINITY;
    return there > at ? [`${index} says ${there}, and is needed at ${at}`] : [];
  });
  const isMoveForgotten = indexes.moving.size > 0 && wakeUps.tend === undefined;
  return isMoveForgotten ? [...late, "tend lacks a queue with moving messages"] : late;
}

function brokenCounts(dump: QueueDump): string[] {
  const broken: string[] = [];
  const messages = [...dump.messages.values()];
  const { counters } = dump;
  const total = (name: string) => counters[name] ?? 0;
  const expectCount = (name: string, value: number) => {
    if (total(name) !== value) broken.push(`${name} counts ${total(name)}, there are ${value}`);
  };

  expectCount("messages", messages.length);
  expectCount(
    "bytes",
    messages.reduce((sum, m) => sum + m.bytes, 0),
  );
  const left = ["succeeded", "discarded", "expired", "purged", "moved_out"].reduce(
    (n, at) => n + total(at),
    -total("moved_in") - total("undeleted"),
  );
  expectCount("accepted", messages.length + left);

  const cells = new Map<string, number>();
  for (const m of messages) {
    const why = m.quarantineReason === undefined ? 0 : QUARANTINE_REASONS[m.quarantineReason];
    const cell = `c:${CONSTANTS.STATE[m.state]}:${m.reason ? REASONS[m.reason] : 0}:${why}`;
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  const counted = Object.keys(counters).filter((name) => name.startsWith("c:"));
  for (const cell of new Set([...cells.keys(), ...counted])) {
    expectCount(cell, cells.get(cell) ?? 0);
    if (counters[cell] === 0) broken.push(`${cell} is kept, and counts nothing`);
  }
  return broken;
}

function indexOf(m: DumpedState) {
  if (m.state === "IN_FLIGHT") return "leases";
  if (m.state === "QUARANTINED") return "quarantine";
  if (m.moving) return "moving";
  if (m.waiting) return "laned";
  if (m.isolated) return "isolated";
  return m.priority !== 0 || m.budgeted || m.limiterKey !== "" ? "laned" : "due";
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
