// Steps that the agent does with its client.

import type { Json, JsonMap } from "../json.ts";
import { mismatch } from "../matching.ts";
import { type Play, WITHIN_MS } from "../play.ts";
import type { AgentAction } from "../scenario.ts";
import { TOKEN } from "../stage.ts";
import { resolved } from "../values.ts";
import { becomes, compare } from "./expectations.ts";
import { mapOf, numberOf, textOf } from "./given.ts";

/** Which of these an op takes; each has a value where a step says nothing. */
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
 * Gives the command, once or several times, and waits for the replies unless the step is `async`.
 * Replies that came are results with `took_ms` beside what the agent says.
 */
export async function askAgent(action: AgentAction, given: Json, play: Play): Promise<void> {
  const { as, async: isAsync, again, times, each, within_ms, expect, ...fields } = mapOf(given);
  const withinMs = numberOf(within_ms, WITHIN_MS);
  if (again === true) {
    return becomes(withinMs, async () => {
      const result = await askOnce(action, fields, play.scope, withinMs, play);
      return mismatch(resolved(expect ?? null, play.scope) ?? {}, result);
    });
  }
  const asked = roundsOf(times, each, play).map((round) =>
    askOnce(action, fields, { ...play.scope, ...round }, withinMs, play),
  );
  const isList = times !== undefined || each !== undefined;
  const reply: Promise<Json> = isList ? Promise.all(asked) : (asked[0] ?? Promise.resolve(null));
  if (isAsync === true) {
    reply.catch(() => {}); // told to whoever waits for it
    play.pending.set(textOf(as), reply);
    return;
  }
  const result = await reply;
  if (as !== undefined) play.scope[textOf(as)] = result;
  if (expect !== undefined) compare(expect, result, play.scope);
}

/** What `$n` and `$it` are, for each time that it is done. */
function roundsOf(times: Json | undefined, each: Json | undefined, play: Play): JsonMap[] {
  if (each !== undefined) {
    const list = resolved(each, play.scope);
    if (!Array.isArray(list)) throw new Error("each is of a list");
    return list.map((it: Json, n) => ({ it, n }));
  }
  return Array.from({ length: numberOf(times, 1) }, (_, n) => ({ n }));
}

async function askOnce(
  action: AgentAction,
  fields: JsonMap,
  scope: JsonMap,
  withinMs: number,
  play: Play,
): Promise<JsonMap> {
  const own = { client: "c", worker: "w", queue: play.queue, queues: [play.queue] };
  const defaults = Object.fromEntries(DEFAULTS[action].map((name) => [name, own[name]]));
  const command = { ...defaults, ...mapOf(resolved(fields, scope) ?? null) };
  const startedAtMs = performance.now();
  const result = await inTime(
    play.ask(action, action === "open" ? openedWith(command, play) : command),
    `a reply to ${action}`,
    withinMs,
  );
  return { ...result, took_ms: Math.round(performance.now() - startedAtMs) };
}

/** A client goes over the scenario's link, with the right token and no spool, unless it is told. */
function openedWith(command: JsonMap, play: Play): JsonMap {
  const { options, ...others } = command;
  const { token = TOKEN, ...given } = mapOf(options ?? null);
  const auth = token === null ? {} : { token };
  return { ...others, options: { target: play.link.address, spool: false, ...auth, ...given } };
}

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
