// Steps that compare, at once or until a time limit.

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { MessageState, QuarantineReason } from "../../../gen/dlq/v1/state_pb.ts";
import { isMap, type Json, type JsonMap, mapOf, numberOf, shown, textOf } from "../json.ts";
import { mismatch } from "../matching.ts";
import { type ScenarioRun, WITHIN_MS } from "../scenario-run.ts";
import { resolved, type Scope } from "../values.ts";

const LOOK_EVERY_MS = 20;

/** The time limit of a step. 0 means now; any other limit is at least the default, which a slow machine needs. */
export function limitOf(withinMs: Json | undefined): number {
  return withinMs === 0 ? 0 : Math.max(numberOf(withinMs, WITHIN_MS), WITHIN_MS);
}

export async function expectResult(given: Json, run: ScenarioRun): Promise<void> {
  const { of: name, ...wanted } = mapOf(given);
  const pending = run.pending.get(textOf(name));
  if (pending !== undefined) {
    run.pending.delete(textOf(name));
    run.scope[textOf(name)] = await pending;
  }
  if (!(textOf(name) in run.scope)) throw new Error(`no step has made ${String(name)}`);
  compare(wanted, run.scope[textOf(name)], run.scope);
}

/** A list is compared by `each` item, by fields that are `distinct` or the `same`, and by `length`. */
export function compare(given: Json, actual: Json | undefined, scope: Scope): void {
  const wanted = mapOf(resolved(given, scope) ?? null);
  const difference = Array.isArray(actual) ? ofList(wanted, actual) : ofOne(wanted, actual);
  if (difference !== undefined) throw new Error(`${difference}\nin ${shown(actual)}`);
}

/** The most that a reply may take is for a machine with a free core: stalls are added. */
function ofOne(wanted: JsonMap, actual: Json | undefined, path = ""): string | undefined {
  const { took_ms: tookMs } = wanted;
  if (!isMap(actual) || !isMap(tookMs) || tookMs.$max === undefined) {
    return mismatch(wanted, actual, path);
  }
  const most = numberOf(tookMs.$max) + numberOf(actual.stalled_ms, 0);
  return mismatch({ ...wanted, took_ms: { ...tookMs, $max: most } }, actual, path);
}

function ofList(wanted: JsonMap, list: readonly Json[]): string | undefined {
  const { each, distinct, same, length, ...others } = wanted;
  if (Object.keys(others).length > 0) return "a list is compared by each, distinct, same, length";
  if (length !== undefined && list.length !== length) return `there are ${list.length}`;
  if (distinct !== undefined && valuesOf(list, distinct).size !== list.length) {
    return `${String(distinct)} comes twice`;
  }
  if (same !== undefined && valuesOf(list, same).size !== 1) return `${String(same)} differs`;
  const differences = list.map((one, at) => ofOne(mapOf(each ?? null), one, `[${at}]`));
  return differences.find((one) => one !== undefined);
}

function valuesOf(list: readonly Json[], field: Json): Set<Json | undefined> {
  return new Set(list.map((one) => (isMap(one) ? one[String(field)] : undefined)));
}

export async function expectEvent(given: Json, run: ScenarioRun): Promise<void> {
  const { as, times, within_ms, ...fields } = mapOf(given);
  const wanted = resolved(fields, run.scope) ?? null;
  const withinMs = limitOf(within_ms);
  const found: JsonMap[] = [];
  for (let n = 0; n < numberOf(times, 1); n++) found.push(await run.events.take(wanted, withinMs));
  if (as !== undefined) run.scope[textOf(as)] = times === undefined ? found[0] : found;
}

export async function expectNone(given: Json, run: ScenarioRun): Promise<void> {
  const { for_ms, ...fields } = mapOf(given);
  await run.events.none(resolved(fields, run.scope) ?? null, numberOf(for_ms));
}

/**
 * The server's Stats of a queue by the names of the contract, `totals` included. `quarantined_by` has the counts by
 * QuarantineReason, `due_in_ms` is the time until the next message is due.
 */
export async function expectStored(given: Json, run: ScenarioRun): Promise<void> {
  const { queue, within_ms, ...wanted } = mapOf(resolved(given, run.scope) ?? null);
  await becomes(limitOf(within_ms), async () => {
    return mismatch(wanted, await countsOf(run, textOf(queue, run.queue)));
  });
}

async function countsOf({ server }: ScenarioRun, queue: string): Promise<JsonMap> {
  const { queues, storeTime } = await server.client.dlq.stats({ queues: [queue] });
  const [found] = queues;
  if (found === undefined) throw new Error(`no stats of ${queue}`);
  const { totals, nextDueTime, counts, ...stats } = found;
  const named = Object.entries({ ...stats, ...totals }).flatMap(([name, value]) => {
    if (typeof value !== "bigint" && typeof value !== "number") return [];
    return [[name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`), Number(value)]];
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

/** The number of calls over the scenario's link so far. */
export function expectCalls(given: Json, run: ScenarioRun): Promise<void> {
  const difference = mismatch(given, run.link.calls, "the number of calls");
  return difference === undefined ? Promise.resolve() : Promise.reject(new Error(difference));
}

/** Repeats `difference` until it finds none. @throws Error with the last one after `withinMs` */
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
