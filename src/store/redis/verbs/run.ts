import type { ScriptHeader, ScriptItem, ScriptName } from "../scripts.ts";

/** Runs one script on one queue, with its arguments by name. */
export type RunScript = <N extends ScriptName>(
  name: N,
  queue: string,
  header: ScriptHeader<N>,
  items: readonly ScriptItem<N>[],
) => Promise<unknown>;
