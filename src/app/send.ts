import { categorize } from "../core/categorize.ts";
import { cutKey } from "../core/delivery-rules.ts";
import { DlqError, internal, queueDeleting, queueLimit } from "../core/errors.ts";
import { formatMessageId } from "../core/message-id.ts";
import type { Reason } from "../core/reason.ts";
import type { QueueSettings } from "../core/settings.ts";
import { arrivalVerdict, POISON_WHY, type Verdict } from "../core/verdict.ts";
import type { SendItem, SendReply, Store } from "../store/contract.ts";
import type { FailureRecord, SendCommand, SendResult } from "./commands.ts";
import type { DecisionLog, Observer } from "./observer.ts";
import { encodeRetrySettings } from "./retry-settings.ts";

export interface SendParts {
  store: Pick<Store, "send">;
  settingsOf(queue: string): QueueSettings;
  /** Uniform in [0, 1). */
  random(): number;
  /** The wall clock. */
  now(): number;
  observer: Observer;
  log: DecisionLog;
  /** A queue is sealed: somebody has to finish its deletion. */
  onDeleting(queue: string): void;
}

/** The reason in force: as the sender says, or as the failure reads. */
export function reasonOf(failure: FailureRecord): Reason {
  return failure.reason ?? categorize(failure);
}

/** Accepts dead letters: categorizes, decides the first retry, stores. Each stands by itself. */
export function createSend(parts: SendParts) {
  return async (commands: readonly SendCommand[]): Promise<(SendResult | DlqError)[]> => {
    const [first] = commands;
    if (first === undefined) return [];
    // Nearly always.
    if (commands.every(({ queue }) => queue === first.queue)) {
      return sendToQueue(parts, first.queue, commands);
    }
    const results: (SendResult | DlqError)[] = new Array(commands.length);
    const byQueue = Map.groupBy(commands.keys(), (index) => (commands[index] as SendCommand).queue);
    await Promise.all(
      [...byQueue].map(async ([queue, indexes]) => {
        const own = indexes.map((index) => commands[index] as SendCommand);
        const sent = await sendToQueue(parts, queue, own);
        indexes.forEach((index, at) => {
          results[index] = sent[at] as SendResult | DlqError;
        });
      }),
    );
    return results;
  };
}

async function sendToQueue(
  parts: SendParts,
  queue: string,
  commands: readonly SendCommand[],
): Promise<(SendResult | DlqError)[]> {
  const settings = parts.settingsOf(queue);
  const prepared = commands.map((command) => prepare(command, settings, parts));
  let replies: readonly SendReply[];
  try {
    const items = prepared.map(({ item }) => item);
    replies = await parts.store.send(queue, items, settings);
  } catch (error) {
    const refused = error instanceof DlqError ? error : internal(error);
    return commands.map(() => refused);
  }
  return replies.map((reply, index) => {
    const { verdict, item } = prepared[index] as Prepared;
    return conclude(parts, queue, settings, reply, verdict, item.reason);
  });
}

interface Prepared {
  item: SendItem;
  verdict: Verdict;
}

function prepare(
  command: SendCommand,
  settings: QueueSettings,
  parts: Pick<SendParts, "random" | "now">,
): Prepared {
  const { failure, retry: own, dueAtMs } = command;
  const reason = reasonOf(failure);
  const nowMs = parts.now();
  const askedMs =
    command.delayMs ?? (dueAtMs === undefined ? undefined : Math.max(0, dueAtMs - nowMs));
  const { type } = failure;
  const facts = { reason, type, retryAfter: failure, settings, own, nowMs };
  const verdict = arrivalVerdict({ ...facts, delayMs: askedMs, random: parts.random() });
  const delayMs = verdict.kind === "reschedule" ? verdict.delayMs : 0;
  return {
    verdict,
    item: {
      requestId: command.requestId,
      envelope: command.encodeEnvelope(reason),
      payloadBytes: command.payloadBytes,
      failure: command.dedupKey === "" ? NOTHING : command.failure.encode(reason),
      reason,
      quarantineReason: verdict.kind === "quarantine" ? verdict.quarantineReason : undefined,
      delayMs,
      // Exact by the store's clock, unless a window has moved it. Also where nothing would retry it: it may
      // join a message that is in flight.
      dueAtMs: verdict.kind === "quarantine" || delayMs === askedMs ? dueAtMs : undefined,
      ttlMs: command.ttlMs ?? settings.ttlMs,
      retrySettings: encodeRetrySettings(own),
      sourceId: command.sourceId,
      dedupKey: command.dedupKey,
      payloadHash: command.dedupKey === "" ? NOTHING : command.payloadHash,
      priority: command.priority,
      laneKey: laneKey(command, settings),
      orderingKey: settings.ordering === "off" ? "" : command.orderingKey,
    },
  };
}

const NOTHING = new Uint8Array();

/** What limits by key go by, where the queue has some. */
function laneKey(command: SendCommand, { keyAttribute }: QueueSettings): string {
  return keyAttribute === "" ? "" : cutKey(command.attribute(keyAttribute) ?? "");
}

function conclude(
  { observer, log, onDeleting }: SendParts,
  queue: string,
  settings: QueueSettings,
  reply: SendReply,
  verdict: Verdict,
  sentReason: Reason,
): SendResult | DlqError {
  if (reply.status === "failed") return reply.error;
  if (reply.status === "deleting") {
    onDeleting(queue);
    return queueDeleting(queue);
  }
  if (reply.status === "full") {
    const limit = reply.what === "messages" ? settings.maxMessages : settings.maxBytes;
    return queueLimit(queue, reply.what, limit);
  }
  const { id, state, reason, quarantineReason, joined, repeated } = reply;
  const dueAtMs = state === "SCHEDULED" ? reply.dueAtMs : undefined;
  const result = { id, state, reason, dueAtMs, duplicate: joined, quarantineReason };
  if (repeated) return result;
  if (!joined) observer.accepted(queue, sentReason);
  const quarantined = state === "QUARANTINED" && !joined;
  if (quarantined || log.isLevelEnabled("debug")) {
    // Only the store knows how often a source was sent.
    const why = quarantineReason === "POISON" ? POISON_WHY : verdict.why;
    const facts = { queue, id: formatMessageId(id), reason, state, quarantineReason, joined, why };
    if (quarantined) log.info(facts, "quarantined");
    else log.debug(facts, joined ? "joined" : "accepted");
  }
  return result;
}
