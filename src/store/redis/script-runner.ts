import type { Connection } from "./connection.ts";
import { queueBase } from "./keys.ts";
import { type ScriptHeader, type ScriptItem, type ScriptName, scriptArgs } from "./scripts.ts";

/** Runs one script on one queue, with its arguments by name. Returns its reply. */
export type RunScript = <N extends ScriptName>(
  name: N,
  queue: string,
  header: ScriptHeader<N>,
  items: readonly ScriptItem<N>[],
) => Promise<unknown>;

export interface ScriptRunnerParts {
  connection: Pick<Connection, "run">;
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
