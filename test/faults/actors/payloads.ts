// The payloads of the suite: they have the plan for workers and the source for the checker.

import { createHash } from "node:crypto";
import type { SeededRandom } from "../../support/random.ts";
import { PLANS, type Plan } from "../history/event.ts";

/** Plan -> its relative frequency. */
export type Weights = Readonly<Partial<Record<Plan, number>>>;

export interface PlannedPayload {
  readonly source: string;
  readonly plan: Plan;
  readonly filler: string;
}

/** The short retry delays that producers set. */
export const RETRY_POLICY = { initialDelayMs: 100, maxDelayMs: 500 } as const;
/** `max_retries` of messages with the plan `exhaust`. */
export const EXHAUST_RETRIES = 2;

const MAX_FILLER = 400;

export function payloadOf(source: string, plan: Plan, random: SeededRandom): string {
  const filler = "x".repeat(random.below(MAX_FILLER));
  return JSON.stringify({ source, plan, filler } satisfies PlannedPayload);
}

/** The fields that edits add to a payload, as in rig/guarded.yaml. */
export const EDIT = { edit: { by: "queue", whole: true } };

/** Returns the payload after all edits. */
export function editedPayload(text: string): string {
  return JSON.stringify({ ...(JSON.parse(text) as object), ...EDIT });
}

/** @throws Error for a payload that is not of the suite */
export function readPayload(text: string): PlannedPayload {
  const payload = JSON.parse(text) as PlannedPayload;
  if (!(payload.plan in PLANS)) throw new Error(`a payload has no plan: ${text}`);
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
