import { internal } from "../../core/errors.ts";
import type { Turns } from "../../core/turns.ts";
import type { Connection } from "./connection.ts";
import { queueBase } from "./keys.ts";
import { tagOf } from "./partitions.ts";
import { type ScriptHeader, type ScriptItem, type ScriptName, scriptArgs } from "./scripts.ts";

/** Runs a script that only reads on many queues, with the same arguments. Returns the replies in the order of the queues. */
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
}

/** Creates the function that every script call goes through. It lies below all verbs. */
export function createScriptRunner({ connection, prefix, enter }: ScriptRunnerParts): RunScript {
  return async (name, queue, header, items) => {
    const entering = enter();
    if (entering !== undefined) await entering;
    return connection.run(name, queueBase(prefix, queue), scriptArgs(name, header, items));
  };
}

/** Queues of one call: others wait for about three milliseconds. */
const QUEUES_A_CALL = 64;

/** `turns` bounds the calls at once. Queues of one partition share calls. */
export function createManyRunner(
  { connection, prefix, enter }: ScriptRunnerParts,
  turns: Turns,
): RunOnMany {
  return async (name, queues, header) => {
    await enter();
    const args = scriptArgs(name, header, []);
    const places = queues.map((queue, at) => ({ at, base: queueBase(prefix, queue), args }));
    const groups = [...Map.groupBy(places, ({ at }) => tagOf(queues[at] as string)).values()];
    const pages = groups.flatMap((group) => pagesOf(group, QUEUES_A_CALL));
    const replies: unknown[] = [];
    await turns.map(pages, async (page) => {
      const found = await connection.runMany(name, page);
      page.forEach(({ at }, index) => {
        replies[at] = found[index];
      });
    });
    const failed = replies.find((reply) => reply instanceof Error);
    if (failed !== undefined) throw internal(failed);
    return replies;
  };
}

function pagesOf<T>(items: readonly T[], size: number): T[][] {
  const pages: T[][] = [];
  for (let at = 0; at < items.length; at += size) pages.push(items.slice(at, at + size));
  return pages;
}
