import type { Row } from "./row.ts";
import {
  deliversToOthers,
  deliverToClient,
  sendByStubs,
  sendCoalesced,
  sendsByOthers,
} from "./rows/client.ts";
import { deliver, deliverBy4, reschedule } from "./rows/deliver.ts";
import { deliverBesideJob, jobRetry } from "./rows/jobs.ts";
import { latenesses, latenessOfMany } from "./rows/lateness.ts";
import { deliverFromMany, deliverToMany, idle, sendToMany } from "./rows/many.ts";
import { payloads } from "./rows/payloads.ts";
import { sendBatch, sendUnary } from "./rows/send.ts";
import { empty, stored } from "./rows/stored.ts";
import { type Tool, toolsOf } from "./systems/start-system.ts";
import type { SystemName } from "./systems/system.ts";

/** All rows, in the order of runs and tables. */
export const ROWS: readonly Row[] = [
  sendUnary,
  sendBatch,
  sendByStubs,
  sendCoalesced,
  ...sendsByOthers,
  deliver,
  deliverToClient,
  ...deliversToOthers,
  deliverBy4,
  reschedule,
  ...latenesses,
  empty,
  stored,
  jobRetry,
  deliverBesideJob,
  idle,
  sendToMany,
  deliverFromMany,
  deliverToMany,
  latenessOfMany,
  ...payloads,
];

export interface Planned {
  readonly row: Row;
  readonly system: SystemName;
}

/** @param only patterns of `row/system`, with `*` for anything. Empty: all rows of the form */
export function plan(form: "short" | "full", only: readonly string[]): Planned[] {
  const patterns = only.map(patternOf);
  return ROWS.flatMap((row) =>
    row.systems
      .filter((system) =>
        patterns.length > 0
          ? patterns.some((pattern) => pattern.test(`${row.name}/${system}`))
          : form === "full" || (row.short ?? row.systems).includes(system),
      )
      .map((system) => ({ row, system })),
  );
}

/** `deliver` matches that row only, `deliver*` all that start with it, `x/dlq` a system with any persistence. */
function patternOf(only: string): RegExp {
  const [row = "", system = "*"] = only.split("/");
  const whole = system.includes(":") || system.endsWith("*") ? system : `${system}:*`;
  const source = `${row}/${whole}`.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${source}$`);
}

export function toolsFor(planned: readonly Planned[]): Tool[] {
  const tools = planned.flatMap(({ row, system }) => [
    ...toolsOf(system),
    ...(system.startsWith("dlq") || system.startsWith("noop") ? (row.tools ?? []) : []),
  ]);
  return [...new Set(tools)];
}
