import { decodeRetrySettings } from "../codec/retry-settings.ts";
import type { StoredState } from "../core/message.ts";
import { createdAtMs } from "../core/message-id.ts";
import { resolvePolicy } from "../core/policy.ts";
import type { Reason } from "../core/reason.ts";
import type { WalkPlace } from "../core/retry-selection.ts";
import type { QueueSettings, RetryPolicy } from "../core/settings.ts";
import {
  addSimulated,
  type SimulatedQueue,
  type SimulatedSchedule,
  type StoredFacts,
  simulateSchedule,
  simulateStored,
} from "../core/simulate.ts";
import type { Store, WalkedMessage } from "../store/contract.ts";
import { nextTurn } from "./timers.ts";

export interface SimulateParts {
  store: Pick<Store, "messages">;
  settingsOf(queue: string): QueueSettings;
  /** The wall clock, which windows refer to. */
  now(): number;
}

export interface SimulateCommand {
  queue: string;
  /** Returns the settings to try instead of those in force. Throws a DlqError for invalid ones. */
  settings(inForce: QueueSettings): QueueSettings;
  reason: Reason;
  /** Undefined: now. */
  startAtMs: number | undefined;
  /** Whether stored messages are simulated too. */
  stored: boolean;
}

export interface Simulation {
  /** The policy for the reason. */
  policy: RetryPolicy;
  schedule: SimulatedSchedule;
  stored: SimulatedQueue | undefined;
}

export type Simulate = (command: SimulateCommand, signal: AbortSignal) => Promise<Simulation>;

/** The most messages examined in each state. */
export const SIMULATED_MESSAGES = 10_000;

const STATES = ["SCHEDULED", "IN_FLIGHT", "QUARANTINED"] as const satisfies StoredState[];

/** Simulates a policy, for one message and for the stored messages. Changes nothing. */
export function createSimulate({ store, settingsOf, now }: SimulateParts): Simulate {
  return async ({ queue, settings, reason, startAtMs, stored }, signal) => {
    const nowMs = now();
    const tried = settings(settingsOf(queue));
    const { policy } = resolvePolicy(reason, tried);
    const schedule = simulateSchedule(policy, startAtMs ?? nowMs);
    if (!stored) return { policy, schedule, stored: undefined };
    let total = simulateStored([], tried, nowMs);
    for await (const page of pages(store, queue, signal)) {
      total = addSimulated(total, simulateStored(page.map(factsOf), tried, nowMs));
    }
    return { policy, schedule, stored: total };
  };
}

/** Reads up to SIMULATED_MESSAGES of each state. Other work runs between pages. */
async function* pages({ messages }: SimulateParts["store"], queue: string, signal: AbortSignal) {
  for (const state of STATES) {
    let left = SIMULATED_MESSAGES;
    let place: WalkPlace | undefined;
    do {
      signal.throwIfAborted();
      const page = await messages.walk(queue, state, place);
      yield page.messages.slice(0, left);
      left -= page.messages.length;
      place = page.next;
      await nextTurn();
    } while (place !== undefined && left > 0);
  }
}

function factsOf(walked: WalkedMessage): StoredFacts {
  const { id, reason, poisoned, attempts, retrySettings } = walked;
  const roundStartedAtMs = walked.roundStartedAtMs ?? createdAtMs(id);
  return { reason, poisoned, attempts, roundStartedAtMs, own: decodeRetrySettings(retrySettings) };
}
