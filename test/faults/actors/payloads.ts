// What producers send, so that workers know what to do with it and the checker what was meant.

import { createHash } from "node:crypto";
import type { SeededRandom } from "../../support/random.ts";
import { PLANS, type Plan } from "../history/event.ts";

/** How often each plan is chosen. */
export type Weights = Readonly<Partial<Record<Plan, number>>>;

export interface PlannedPayload {
  readonly source: string;
  readonly plan: Plan;
  readonly filler: string;
}

/** Delays of retries, short by what producers ask for. */
export const RETRY_POLICY = { initialDelayMs: 100, maxDelayMs: 500 } as const;
/** What messages of plan `exhaust` are sent with. */
export const EXHAUST_RETRIES = 2;

const MOST_FILLER = 400;

export function payloadOf(source: string, plan: Plan, random: SeededRandom): string {
  const filler = "x".repeat(random.below(MOST_FILLER));
  return JSON.stringify({ source, plan, filler } satisfies PlannedPayload);
}

/** What the edits of the run add to a payload, as rig/guarded.yaml has them. */
const EDIT = { edit: { by: "queue", whole: true } };

/** The payload with all that edits do to it. */
export function editedPayload(text: string): string {
  return JSON.stringify({ ...(JSON.parse(text) as object), ...EDIT });
}

/** @throws Error for a payload that no producer of the suite makes */
export function readPayload(text: string): PlannedPayload {
  const payload = JSON.parse(text) as PlannedPayload;
  if (!(payload.plan in PLANS)) throw new Error(`a payload without a plan: ${text}`);
  return payload;
}

export function sumOf(payload: string | Uint8Array): string {
  return createHash("sha256").update(payload).digest("hex").slice(0, 16);
}

export function planFrom(weights: Weights, random: SeededRandom): Plan {
  const entries = Object.entries(weights) as [Plan, number][];
  let rest = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [plan, weight] of entries) {
    rest -= weight;
    if (rest < 0) return plan;
  }
  throw new Error("no plan has a weight");
}
