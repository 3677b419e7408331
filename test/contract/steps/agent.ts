// Steps that the agent runs with its client.

import { measureStalls } from "../../support/stalls.ts";
import { type Json, type JsonMap, mapOf, numberOf, textOf } from "../json.ts";
import { mismatch } from "../matching.ts";
import type { AgentAction } from "../scenario.ts";
import type { ScenarioRun } from "../scenario-run.ts";
import { TOKEN } from "../scenario-server.ts";
import { resolved } from "../values.ts";
import { becomes, compare, limitOf } from "./expectations.ts";

/** Fields that each command takes, and that have a default. */
const DEFAULTS: Readonly<
  Record<AgentAction, readonly ("client" | "worker" | "queue" | "queues")[]>
> = {
  open: ["client"],
  send: ["client", "queue"],
  worker: ["client", "worker", "queues"],
  finish: [],
  stop: ["worker"],
  flush: ["client"],
  close: ["client"],
  call: ["client"],
};

/**
 * Gives the command, once or several times, and waits for the replies unless the step is `async`. A result is the reply of
 * the agent, `took_ms` and `stalled_ms`.
 */
export async function askAgent(action: AgentAction, given: Json, run: ScenarioRun): Promise<void> {
  const { as, async: isAsync, again, times, each, within_ms, expect, ...fields } = mapOf(given);
  const withinMs = limitOf(within_ms);
  if (again === true) {
    return becomes(withinMs, async () => {
      const result = await askOnce(action, fields, run.scope, withinMs, run);
      return mismatch(resolved(expect ?? null, run.scope) ?? {}, result);
    });
  }
  const asked = roundsOf(times, each, run).map((round) =>
    askOnce(action, fields, { ...run.scope, ...round }, withinMs, run),
  );
  const isList = times !== undefined || each !== undefined;
  const reply: Promise<Json> = isList ? Promise.all(asked) : (asked[0] ?? Promise.resolve(null));
  if (isAsync === true) {
    reply.catch(() => {}); // the step that waits for the reply fails
    run.pending.set(textOf(as), reply);
    return;
  }
  const result = await reply;
  if (as !== undefined) run.scope[textOf(as)] = result;
  if (expect !== undefined) compare(expect, result, run.scope);
}

/** The values of `$n` and `$it`, for each command. */
function roundsOf(times: Json | undefined, each: Json | undefined, run: ScenarioRun): JsonMap[] {
  if (each !== undefined) {
    const list = resolved(each, run.scope);
    if (!Array.isArray(list)) throw new Error("each takes a list");
    return list.map((it: Json, n) => ({ it, n }));
  }
  return Array.from({ length: numberOf(times, 1) }, (_, n) => ({ n }));
}

async function askOnce(
  action: AgentAction,
  fields: JsonMap,
  scope: JsonMap,
  withinMs: number,
  run: ScenarioRun,
): Promise<JsonMap> {
  const own = { client: "c", worker: "w", queue: run.queue, queues: [run.queue] };
  const defaults = Object.fromEntries(DEFAULTS[action].map((name) => [name, own[name]]));
  const command = { ...defaults, ...mapOf(resolved(fields, scope) ?? null) };
  const startedAtMs = performance.now();
  const stopStalls = measureStalls();
  const result = await inTime(
    run.ask(action, action === "open" ? openedWith(command, run) : command),
    `a reply to ${action}`,
    withinMs,
  );
  const tookMs = Math.round(performance.now() - startedAtMs);
  return { ...result, took_ms: tookMs, stalled_ms: Math.round(stopStalls()) };
}

/** By default a client uses the scenario's link and the right token, and has no spool. */
function openedWith(command: JsonMap, run: ScenarioRun): JsonMap {
  const { options, ...others } = command;
  const { token = TOKEN, ...given } = mapOf(options ?? null);
  const auth = token === null ? {} : { token };
  return { ...others, options: { target: run.link.address, spool: false, ...auth, ...given } };
}

/** @throws Error after `withinMs`, with `what` is missing */
export async function inTime<T>(promise: Promise<T>, what: string, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`no ${what.replace(/^an? /, "")} in ${withinMs} ms`);
    timer = setTimeout(() => reject(error), withinMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
