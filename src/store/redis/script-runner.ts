import { DlqError } from "../../core/errors.ts";
import { Turns } from "../../core/turns.ts";
import { type Connection, NOT_RUN, type ScriptPart } from "./connection.ts";
import { queueBase } from "./keys.ts";
import { type ScriptHeader, type ScriptItem, type ScriptName, scriptArgs } from "./scripts.ts";
import { SharedCalls } from "./shared-calls.ts";

/**
 * Runs a script that only reads on many queues, with the same arguments. Returns the replies in the order of the queues; that of
 * a queue whose data is damaged is a DlqError.
 */
export type RunOnMany = <N extends ScriptName>(
  name: N,
  queues: readonly string[],
  header: ScriptHeader<N>,
) => Promise<unknown[]>;

/** Runs one script on one queue, with its arguments by name. Returns its reply. */
export type RunScript = <N extends ScriptName>(
  name: N,
  queue: string,
  header: ScriptHeader<N>,
  items: readonly ScriptItem<N>[],
) => Promise<unknown>;

export interface ScriptRunnerParts {
  connection: Pick<Connection, "run" | "runMany">;
  prefix: string;
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
  /** Deadline of one call, in milliseconds. */
  timeoutMs: number;
}

/** Creates the function that every script call goes through. It lies below all verbs. */
export function createScriptRunner({
  connection,
  prefix,
  enter,
  timeoutMs,
}: ScriptRunnerParts): RunScript {
  const calls = new SharedCalls({ connection, enter, timeoutMs });
  return async (name, queue, header, items) => {
    const entering = enter();
    if (entering !== undefined) await entering;
    return calls.run(name, queueBase(prefix, queue), scriptArgs(name, header, items));
  };
}

/** Queues, or partitions, of one call: others wait for about three milliseconds. */
const PARTS_A_CALL = 64;

/**
 * Runs a script on many queues or partitions, some in each call. Returns the replies in order; that of one whose script failed
 * is an error.
 */
export async function runAll(
  connection: Pick<Connection, "runMany">,
  name: ScriptName,
  parts: readonly ScriptPart[],
): Promise<unknown[]> {
  const replies: unknown[] = [];
  const runPage = async (page: readonly { at: number; part: ScriptPart }[]) => {
    let left = page;
    while (left.length > 0) {
      const found = await connection.runMany(
        name,
        left.map(({ part }) => part),
      );
      left.forEach(({ at }, index) => {
        replies[at] = found[index];
      });
      left = left.filter((_, index) => found[index] === NOT_RUN);
    }
  };
  const numbered = parts.map((part, at) => ({ at, part }));
  await Promise.all(pagesOf(numbered, PARTS_A_CALL).map(runPage));
  return replies;
}

/** Calls at once: while Redis works on one, it has the next, and a send waits for two. */
const CALLS_AT_ONCE = 2;

/** A call spans partitions, which Redis Cluster would refuse. */
export function createManyRunner({ connection, prefix, enter }: ScriptRunnerParts): RunOnMany {
  const turns = new Turns(CALLS_AT_ONCE);
  return async (name, queues, header) => {
    await enter();
    const args = scriptArgs(name, header, []);
    const calls = queues.map((queue) => ({ base: queueBase(prefix, queue), args }));
    const pages = pagesOf(calls, PARTS_A_CALL);
    const replies = (await turns.map(pages, (page) => runAll(connection, name, page))).flat();
    const unknown = replies.find((reply) => reply instanceof DlqError && reply.kind !== "INTERNAL");
    if (unknown !== undefined) throw unknown;
    return replies;
  };
}

export function pagesOf<T>(items: readonly T[], size: number): T[][] {
  const pages: T[][] = [];
  for (let at = 0; at < items.length; at += size) pages.push(items.slice(at, at + size));
  return pages;
}
