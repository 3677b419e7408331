import { openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import type { OutageEvent } from "../ledger.ts";

const value = { type: "string", default: "" } as const;

/** The arguments of both programs. */
export const { values: given } = parseArgs({
  options: {
    client: value,
    target: value,
    queue: value,
    out: value,
    folder: value,
    name: value,
    rate: value,
  },
});

/** The installed client, with the types of its source. */
export async function installedClient(): Promise<
  typeof import("../../../clients/typescript/src/index.ts")
> {
  return await import(given.client);
}

const file = openSync(given.out, "a");

/** Writes an event at once: a kill of this process loses none. */
export function record(event: OutageEvent): void {
  writeSync(file, `${JSON.stringify(event)}\n`);
}
