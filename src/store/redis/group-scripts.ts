import type { Connection, ScriptPart } from "./connection.ts";
import { partitionBase } from "./keys.ts";
import { runAll } from "./script-runner.ts";
import { type ScriptHeader, type ScriptItem, type ScriptName, scriptArgs } from "./scripts.ts";

interface GroupScriptsParts {
  connection: Pick<Connection, "run" | "runMany">;
  prefix: string;
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
}

/** Runs scripts on the groups of partitions. */
export class GroupScripts {
  readonly #parts: GroupScriptsParts;

  constructor(parts: GroupScriptsParts) {
    this.#parts = parts;
  }

  part<N extends ScriptName>(
    name: N,
    partition: number,
    header: ScriptHeader<N>,
    items: readonly ScriptItem<N>[],
  ): ScriptPart {
    const base = partitionBase(this.#parts.prefix, partition);
    return { base, args: scriptArgs(name, header, items) };
  }

  /** Returns the replies in order. Rejects with the first error. */
  async run(name: ScriptName, parts: readonly ScriptPart[]): Promise<unknown[]> {
    await this.#parts.enter();
    const replies = await runAll(this.#parts.connection, name, parts);
    const error = replies.find((reply) => reply instanceof Error);
    if (error !== undefined) throw error;
    return replies;
  }
}
