import { arrivalDecisionOf } from "../../codec/arrival-decision.ts";
import { openStored } from "../../codec/message.ts";
import { DamagedMessage, readStored } from "../../core/damaged-message.ts";
import { damagedMessage, unknownMessage } from "../../core/errors.ts";
import { type Explanation, explainMessage } from "../../core/explain-message.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { MessageBlocks, MessageDetails, Store } from "../../store/contract.ts";
import type { StatsReport } from "../commands.ts";

export type { Explanation } from "../../core/explain-message.ts";

export interface ExplainParts {
  store: Pick<Store, "messageReads" | "deliveryBlocks">;
  settingsOf(queue: string): QueueSettings;
  stats(queues: readonly string[]): Promise<StatsReport>;
}

export interface Explain {
  /** Why messages of a queue are delivered or not. */
  queue(queue: string): Promise<Explanation[]>;
  /** Why a message is where it is, and what would move it. Rejects with NOT_FOUND if the queue has no such message. */
  message(queue: string, id: Uint8Array): Promise<Explanation[]>;
}

/** Breakers that are named. */
const BREAKERS_NAMED = 10;

export function createExplain({ store, settingsOf, stats }: ExplainParts): Explain {
  return {
    async queue(queue) {
      const { conditions } = await reportOf(queue);
      const explanations = conditions.map(({ message }) => ({ text: message }));
      if (!conditions.some(({ code }) => code === "BREAKER_OPEN")) return explanations;
      const open = await store.deliveryBlocks.breakers(queue);
      const named = open.slice(0, BREAKERS_NAMED).map(({ key, state, retryAtMs }) => ({
        text: `The breaker ${key === "" ? "of the queue" : `of key ${key}`} is ${state}${retryAtMs === undefined ? "" : "; then it lets probes through"}.`,
        untilMs: retryAtMs,
      }));
      return [...explanations, ...named];
    },

    async message(queue, id) {
      const [[details], blocks, { conditions, nowMs }] = await Promise.all([
        store.messageReads.details(queue, [id]),
        store.messageReads.blocks(queue, id),
        reportOf(queue),
      ]);
      if (details === undefined) throw unknownMessage(queue, formatMessageId(id));
      const decision = readStored(() => decisionOf(details));
      if (decision instanceof DamagedMessage)
        throw damagedMessage(queue, formatMessageId(id), decision.cause);
      return explainMessage({
        ...{ id: formatMessageId(id), nowMs, ...details, conditions, decision },
        retentionEndsAtMs: retentionEndsAtMs(details, settingsOf(queue)),
        blocks: blocks && holdOf(blocks),
      });
    },
  };

  async function reportOf(queue: string) {
    const { queues, nowMs = Number.POSITIVE_INFINITY } = await stats([queue]);
    return { nowMs, conditions: queues[0]?.conditions ?? [] };
  }
}

/** What was decided on its arrival, or after its latest failure, if that put it into its present state. */
function decisionOf(details: MessageDetails): string {
  const { laterFailures, events, deliveries, sinceMs } = details;
  if (deliveries === 0 && laterFailures.length === 0 && events.length === 0) {
    return arrivalDecisionOf(openStored(details.envelope, undefined).envelope, details);
  }
  const attempt = laterFailures.at(-1)?.attempt;
  const isLast = attempt?.endedAtMs === sinceMs && !attempt.exempt;
  return isLast ? attempt.decision : "";
}

function retentionEndsAtMs(
  { state, sinceMs }: MessageDetails,
  { quarantineRetentionMs }: QueueSettings,
): number | undefined {
  const ends = state === "QUARANTINED" && quarantineRetentionMs > 0;
  return ends ? sinceMs + quarantineRetentionMs : undefined;
}

function holdOf({ behind, ...blocks }: MessageBlocks) {
  return { ...blocks, behind: behind && { ...behind, id: formatMessageId(behind.id) } };
}
