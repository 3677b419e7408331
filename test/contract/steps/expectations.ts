// Steps that look whether something is as it should be, or becomes so.

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { MessageState, QuarantineReason } from "../../../gen/dlq/v1/state_pb.ts";
import { isMap, type Json, type JsonMap, shown } from "../json.ts";
import { mismatch } from "../matching.ts";
import { type Play, WITHIN_MS } from "../play.ts";
import { resolved, type Scope } from "../values.ts";
import { mapOf, numberOf, textOf } from "./given.ts";

const LOOK_EVERY_MS = 20;

export async function expectResult(given: Json, play: Play): Promise<void> {
  const { of: name, ...wanted } = mapOf(given);
  const pending = play.pending.get(textOf(name));
  if (pending !== undefined) {
    play.pending.delete(textOf(name));
    play.scope[textOf(name)] = await pending;
  }
  if (!(textOf(name) in play.scope)) throw new Error(`no step has made ${String(name)}`);
  compare(wanted, play.scope[textOf(name)], play.scope);
}

/** Of a list: what each is, whose field differs from one to the next, and how many there are. */
export function compare(given: Json, actual: Json | undefined, scope: Scope): void {
  const wanted = mapOf(resolved(given, scope) ?? null);
  const difference = Array.isArray(actual) ? ofList(wanted, actual) : mismatch(wanted, actual);
  if (difference !== undefined) throw new Error(`${difference}\nin ${shown(actual)}`);
}

function ofList(wanted: JsonMap, list: readonly Json[]): string | undefined {
  const { each, distinct, same, length, ...others } = wanted;
  if (Object.keys(others).length > 0) return "a list is compared by each, distinct, same, length";
  if (length !== undefined && list.length !== length) return `there are ${list.length}`;
  if (distinct !== undefined && valuesOf(list, distinct).size !== list.length) {
    return `${String(distinct)} comes twice`;
  }
  if (same !== undefined && valuesOf(list, same).size !== 1) return `${String(same)} differs`;
  const differences = list.map((one, at) => mismatch(each ?? {}, one, `[${at}]`));
  return differences.find((one) => one !== undefined);
}

function valuesOf(list: readonly Json[], field: Json): Set<Json | undefined> {
  return new Set(list.map((one) => (isMap(one) ? one[String(field)] : undefined)));
}

export async function expectEvent(given: Json, play: Play): Promise<void> {
  const { as, times, within_ms, ...fields } = mapOf(given);
  const wanted = resolved(fields, play.scope) ?? null;
  const withinMs = numberOf(within_ms, WITHIN_MS);
  const found: JsonMap[] = [];
  for (let n = 0; n < numberOf(times, 1); n++) found.push(await play.events.take(wanted, withinMs));
  if (as !== undefined) play.scope[textOf(as)] = times === undefined ? found[0] : found;
}

export async function expectNone(given: Json, play: Play): Promise<void> {
  const { for_ms, ...fields } = mapOf(given);
  await play.events.none(resolved(fields, play.scope) ?? null, numberOf(for_ms));
}

/**
 * The server's Stats of a queue, by the names of the contract; `totals` are flat. `quarantined_by` has
 * the counts by reason of quarantine, `due_in_ms` is when the next one is due.
 */
export async function expectStored(given: Json, play: Play): Promise<void> {
  const { queue, within_ms, ...wanted } = mapOf(resolved(given, play.scope) ?? null);
  await becomes(numberOf(within_ms, WITHIN_MS), async () => {
    return mismatch(wanted, await countsOf(play, textOf(queue, play.queue)));
  });
}

async function countsOf({ stage }: Play, queue: string): Promise<JsonMap> {
  const { queues, storeTime } = await stage.client.dlq.stats({ queues: [queue] });
  const [found] = queues;
  if (found === undefined) throw new Error(`no stats of ${queue}`);
  const { totals, nextDueTime, counts, ...stats } = found;
  const named = Object.entries({ ...stats, ...totals }).flatMap(([name, value]) => {
    if (typeof value !== "bigint" && typeof value !== "number") return [];
    return [
      [name.replace(/[A-Z]/g, (sendRequest) => `_${sendRequest.toLowerCase()}`), Number(value)],
    ];
  });
  const quarantined = counts.filter(({ state }) => state === MessageState.QUARANTINED);
  const isDue = nextDueTime !== undefined && storeTime !== undefined;
  return {
    ...(Object.fromEntries(named) as JsonMap),
    quarantined_by: Object.fromEntries(
      quarantined.map((one) => [nameOf(one.quarantineReason), Number(one.count)]),
    ),
    ...(isDue ? { due_in_ms: timestampMs(nextDueTime) - timestampMs(storeTime) } : {}),
  };
}

function nameOf(wanted: QuarantineReason): string {
  const [name = ""] = Object.entries(QuarantineReason).find(([, value]) => value === wanted) ?? [];
  return name;
}

/** How many calls have gone over the scenario's link so far. */
export function expectCalls(given: Json, play: Play): Promise<void> {
  const difference = mismatch(given, play.link.calls, "the number of calls");
  return difference === undefined ? Promise.resolve() : Promise.reject(new Error(difference));
}

/** Looks until nothing differs any more. @throws the last difference when it takes too long */
export async function becomes(
  withinMs: number,
  difference: () => Promise<string | undefined>,
): Promise<void> {
  const deadlineAtMs = performance.now() + withinMs;
  for (;;) {
    const found = await difference();
    if (found === undefined) return;
    if (performance.now() > deadlineAtMs) throw new Error(`after ${withinMs} ms ${found}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
