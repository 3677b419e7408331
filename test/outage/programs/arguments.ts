import { openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import type { OutageEvent } from "../event.ts";

const value = { type: "string", default: "" } as const;

/** What both programs are started with. */
export const { values: given } = parseArgs({
  options: {
    client: value,
    target: value,
    queue: value,
    history: value,
    folder: value,
    name: value,
    rate: value,
  },
});

/** The client as installed: its module, with the types of its source. */
export async function installedClient(): Promise<
  typeof import("../../../clients/typescript/src/index.ts")
> {
  return await import(given.client);
}

const file = openSync(given.history, "a");

/** Whatever happens to this process afterwards, it is written. */
export function note(event: OutageEvent): void {
  writeSync(file, `${JSON.stringify(event)}\n`);
}
