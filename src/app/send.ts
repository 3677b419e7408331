import { encodeRetrySettings } from "../codec/retry-settings.ts";
import { reasonOf } from "../core/categorize.ts";
import { limiterKeyOf, orderingKeyOf } from "../core/delivery-settings.ts";
import { aborted, DlqError, internal } from "../core/errors.ts";
import { hidesFailures } from "../core/redaction/redaction.ts";
import type { QueueSettings } from "../core/settings.ts";
import { arrivalVerdict, type Verdict } from "../core/verdict.ts";
import type { SendItem, SendReply, Store } from "../store/contract.ts";
import type { SendCommand, SendResult } from "./commands.ts";
import { arrivalEdits, RefusedEdits } from "./edits/automatic-edits.ts";
import { eventFieldsOf } from "./event-fields-of.ts";
import type { GroupOf } from "./groups/failure-group.ts";
import type { EditObserver, Observer } from "./observer.ts";
import { type JudgedSend, judgeSend, type RuleJudge } from "./rules/rule-judge.ts";
import { concludeSend, type ReplyParts } from "./send-reply.ts";
import { Pace } from "./timers.ts";

export interface SendParts extends ReplyParts {
  store: Pick<Store, "send" | "route">;
  /** Uniform in [0, 1). */
  random(): number;
  /** The wall clock. */
  now(): number;
  /** Largest payload of a message, in bytes. */
  payloadMaxBytes?: number;
  /** Attributes, and `source_id`, that changes in the outbox carry. Absent: none. */
  outboxFields?: readonly string[];
  observer: Observer & EditObserver;
  /** Absent: messages are in no groups. */
  groupOf?: GroupOf;
  /** Absent: there are no rules. */
  rules?: Pick<RuleJudge, "hasRulesFor" | "judge">;
}

type Parts = SendParts & { refusedEdits: RefusedEdits };

type Result = SendResult | DlqError;

/**
 * Tries to store. The queue may answer that an earlier call with this request id went to another
 * queue; the next try goes there.
 */
const TRIES = 2;

/**
 * Accepts dead letters: categorizes, decides the first retry, stores. Each send succeeds or fails
 * on its own.
 */
export function createSend(given: SendParts) {
  const parts: Parts = { ...given, refusedEdits: new RefusedEdits(given) };
  return async (commands: readonly SendCommand[]): Promise<Result[]> => {
    let open = await recallRoutes(parts, await judgeAll(parts, commands));
    for (let tries = 0; tries < TRIES && open.some(isOpen); tries++)
      open = await storeAll(parts, open);
    const results = open.map((one) =>
      isOpen(one) ? aborted(200, `the target queue of a send to ${one.command.queue}`) : one,
    );
    for (const one of results) if (one instanceof DlqError) parts.observer.refused(one.kind);
    return results;
  };
}

/** Refuses the sends while the rules are unknown. */
async function judgeAll(
  parts: Parts,
  commands: readonly SendCommand[],
): Promise<(JudgedSend | Result)[]> {
  const sends: (JudgedSend | Result)[] = [];
  const pace = new Pace();
  for (const command of commands) {
    try {
      sends.push(judgeSend(command, reasonOf(command.failure), parts.rules));
    } catch (error) {
      sends.push(refusal(error));
    }
    if (pace.isTooLong) await pace.giveTurn();
  }
  return sends;
}

function isOpen(one: JudgedSend | Result): one is JudgedSend {
  return "command" in one;
}

/**
 * A repeated request goes to the same queue as before, even if the rules have changed: otherwise
 * the message could be stored in two queues.
 */
async function recallRoutes(
  parts: SendParts,
  sends: readonly (JudgedSend | Result)[],
): Promise<readonly (JudgedSend | Result)[]> {
  const rerouted = sends
    .filter(isOpen)
    .filter(({ command, queue }) => queue !== command.queue && command.requestId !== "");
  if (rerouted.length === 0) return sends;
  const recalled = new Map<JudgedSend, JudgedSend | Result>();
  await Promise.all(
    [...Map.groupBy(rerouted, ({ command }) => command.queue)].map(
      async ([requestedQueue, group]) => {
        const routes = group.map(({ command, queue }) => ({
          requestId: command.requestId,
          target: queue,
        }));
        try {
          const replies = await parts.store.route(requestedQueue, routes);
          group.forEach((send, index) => {
            const reply = replies[index];
            const here = { ...send, queue: requestedQueue };
            if (reply !== undefined) recalled.set(send, concludeSend(parts, here, reply, REPEATED));
          });
        } catch (error) {
          for (const send of group) recalled.set(send, refusal(error));
        }
      },
    ),
  );
  return sends.map((send) => (isOpen(send) ? (recalled.get(send) ?? send) : send));
}

/** Stores the sends. Returns results, and the sends that belong to another queue. */
async function storeAll(
  parts: Parts,
  open: readonly (JudgedSend | Result)[],
): Promise<readonly (JudgedSend | Result)[]> {
  const sends = open.filter(isOpen);
  const pace = new Pace();
  const queue = sends[0]?.queue;
  // The common case: one queue.
  if (sends.length === open.length && sends.every((send) => send.queue === queue)) {
    return sendToQueue(parts, queue as string, sends, pace);
  }
  const results = new Map<JudgedSend, JudgedSend | Result>();
  await Promise.all(
    [...Map.groupBy(sends, (send) => send.queue)].map(async ([name, group]) => {
      const sent = await sendToQueue(parts, name, group, pace);
      group.forEach((send, at) => {
        results.set(send, sent[at] as JudgedSend | Result);
      });
    }),
  );
  return open.map((one) => (isOpen(one) ? (results.get(one) as JudgedSend | Result) : one));
}

/** `pace`: of all queues of the batch. */
async function sendToQueue(
  parts: Parts,
  queue: string,
  sends: readonly JudgedSend[],
  pace: Pace,
): Promise<(JudgedSend | Result)[]> {
  const edits = sends.some((send) => send.edits.length > 0)
    ? await arrivalEdits(parts, queue, sends)
    : undefined;
  const prepared: Prepared[] = [];
  let replies: readonly SendReply[];
  try {
    const settings = parts.settingsOf(queue);
    for (const send of sends) {
      if (pace.isTooLong) await pace.giveTurn();
      const one = prepare(send, settings, parts);
      const edit = edits?.get(send);
      prepared.push(edit === undefined ? one : { ...one, item: { ...one.item, edit } });
    }
    const items = prepared.map(({ item }) => item);
    replies = await parts.store.send(queue, items, settings);
  } catch (error) {
    const refused = refusal(error);
    return sends.map(() => refused);
  }
  return replies.map((reply, index) => {
    const { why } = prepared[index] as Prepared;
    return concludeSend(parts, sends[index] as JudgedSend, reply, why);
  });
}

function refusal(error: unknown): DlqError {
  return error instanceof DlqError ? error : internal(error);
}

interface Prepared {
  item: SendItem;
  why: string;
}

/** A repeated send is not logged again, so it needs no explanation. */
const REPEATED = "";

function prepare(
  { command, queue, reason, action, rule }: JudgedSend,
  settings: QueueSettings,
  parts: Pick<SendParts, "random" | "now" | "outboxFields" | "groupOf">,
): Prepared {
  const { failure, dueAtMs, importedHistory } = command;
  const messageRetry = { ...command.retry, rulePolicy: action.retryPolicy };
  const nowMs = parts.now();
  const requestedMs =
    command.delayMs ?? (dueAtMs === undefined ? undefined : Math.max(0, dueAtMs - nowMs));
  const verdict: Verdict = action.quarantine
    ? { kind: "quarantine", quarantineReason: "RULE", why: `rule ${rule} quarantines it` }
    : arrivalVerdict({
        reason,
        type: failure.type,
        retryAfter: failure,
        settings,
        own: messageRetry,
        nowMs,
        ...historyFacts(importedHistory, nowMs),
        delayMs: requestedMs,
        random: parts.random(),
      });
  const delayMs = verdict.kind === "reschedule" ? verdict.delayMs : 0;
  const dropped = action.drop === true;
  const joins = command.dedupKey !== "" && !dropped;
  const eventFields = eventFieldsOf(command, settings, parts.outboxFields);
  const group = dropped ? undefined : parts.groupOf?.(failure, reason, hidesFailures(settings));
  return {
    why: dropped ? `rule ${rule} drops it` : verdict.why,
    item: {
      requestId: command.requestId,
      envelope: dropped ? NOTHING : command.encodeEnvelope(reason, verdict.why),
      payloadBytes: dropped ? 0 : command.payloadBytes,
      failure: joins ? failure.encode(reason) : NOTHING,
      reason,
      quarantineReason: verdict.kind === "quarantine" ? verdict.quarantineReason : undefined,
      delayMs,
      // The exact due time, unless a window moved it. Also set for a quarantined message, since it
      // may join a message in flight.
      dueAtMs: verdict.kind === "quarantine" || delayMs === requestedMs ? dueAtMs : undefined,
      ttlMs: command.ttlMs ?? settings.ttlMs,
      retrySettings: encodeRetrySettings(messageRetry),
      sourceId: command.sourceId,
      dedupKey: joins ? command.dedupKey : "",
      payloadHash: joins ? command.payloadHash : NOTHING,
      priority: action.priority ?? command.priority,
      limiterKey: limiterKeyOf(command.attribute, settings),
      orderingKey: orderingKeyOf(command.orderingKey, settings),
      dropped,
      note: rule,
      number: numberOf(command, queue),
      importedHistory,
      ...(eventFields === undefined ? {} : { eventFields }),
      ...(group === undefined ? {} : { group }),
    },
  };
}

const NOTHING = new Uint8Array();

/** Input of the verdict from imported history. A time in the future counts as now. */
function historyFacts(importedHistory: SendCommand["importedHistory"], nowMs: number) {
  if (importedHistory === undefined) return {};
  const { attempts, quarantined, firstFailureAtMs = nowMs } = importedHistory;
  return {
    attempts,
    firstFailureAtMs: Math.min(firstFailureAtMs, nowMs),
    wasQuarantined: quarantined,
  };
}

/**
 * Clients number their sends by requested queue. Sends that rules bring to another queue have their
 * own sequence.
 */
function numberOf(
  { sendNumber, queue: requestedQueue }: SendCommand,
  queue: string,
): SendItem["number"] {
  if (sendNumber === undefined) return undefined;
  const { clientId, number } = sendNumber;
  const client =
    requestedQueue === queue ? clientId : Buffer.concat([clientId, Buffer.from(requestedQueue)]);
  return { client, number };
}
