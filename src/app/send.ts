import { aborted, DlqError, internal, queueDeleting, queueLimit } from "../core/errors.ts";
import { formatMessageId } from "../core/message-id.ts";
import type { QueueSettings } from "../core/settings.ts";
import { arrivalVerdict, POISON_WHY, type Verdict } from "../core/verdict.ts";
import type { SendItem, SendReply, Store } from "../store/contract.ts";
import type { SendCommand, SendResult } from "./commands.ts";
import { arrivalEdits } from "./edits/arrival-edits.ts";
import { RefusedEdits } from "./edits/refused-edits.ts";
import { limiterKeyOf, orderingKeyOf } from "./limiter-keys.ts";
import type { DecisionLog, EditObserver, Observer } from "./observer.ts";
import { encodeRetrySettings } from "./retry-settings.ts";
import { type RoutedSend, routeSend } from "./rules/routed-send.ts";
import type { RuleJudge } from "./rules/rule-judge.ts";

export interface SendParts {
  store: Pick<Store, "send" | "route">;
  settingsOf(queue: string): QueueSettings;
  /** Uniform in [0, 1). */
  random(): number;
  /** The wall clock. */
  now(): number;
  /** Largest payload of a message. */
  payloadMaxBytes?: number;
  observer: Observer & EditObserver;
  log: DecisionLog;
  /** A queue is sealed: somebody has to finish its deletion. */
  onDeleting(queue: string): void;
  /** Absent: there are none. */
  rules?: Pick<RuleJudge, "hasRulesFor" | "judge">;
}

type Parts = SendParts & { refusedEdits: RefusedEdits };

type Result = SendResult | DlqError;

/** A send that an earlier call of its request has sent elsewhere goes there. */
const LEGS = 2;

/** Accepts dead letters: categorizes, decides the first retry, stores. Each stands by itself. */
export function createSend(given: SendParts) {
  const parts: Parts = { ...given, refusedEdits: new RefusedEdits(given) };
  return async (commands: readonly SendCommand[]): Promise<Result[]> => {
    const routedSends = commands.map((command) => routeSend(command, parts.rules));
    let open = await recall(parts, routedSends);
    for (let leg = 0; leg < LEGS && open.some(isRouted); leg++) open = await deliver(parts, open);
    return open.map((one) => (isRouted(one) ? aborted(200, `request ${one.queue}`) : one));
  };
}

function isRouted(one: RoutedSend | Result): one is RoutedSend {
  return "command" in one;
}

/**
 * Under the same request a message goes where it went before, whatever the rules say by now: else
 * it could be stored twice, in two queues.
 */
async function recall(
  parts: SendParts,
  routedSends: readonly RoutedSend[],
): Promise<readonly (RoutedSend | Result)[]> {
  const away = routedSends.filter(
    ({ command, queue }) => queue !== command.queue && command.requestId !== "",
  );
  if (away.length === 0) return routedSends;
  const known = new Map<RoutedSend, RoutedSend | Result>();
  await Promise.all(
    [...Map.groupBy(away, ({ command }) => command.queue)].map(async ([asked, own]) => {
      const routes = own.map(({ command, queue }) => ({
        requestId: command.requestId,
        target: queue,
      }));
      try {
        const replies = await parts.store.route(asked, routes);
        own.forEach((routed, index) => {
          const reply = replies[index];
          const here = { ...routed, queue: asked };
          if (reply !== undefined) known.set(routed, conclude(parts, here, reply, REPEATED));
        });
      } catch (error) {
        for (const routed of own) known.set(routed, refusal(error));
      }
    }),
  );
  return routedSends.map((routed) => known.get(routed) ?? routed);
}

/** Stores the sends; what is left of them has to go elsewhere. */
async function deliver(
  parts: Parts,
  open: readonly (RoutedSend | Result)[],
): Promise<readonly (RoutedSend | Result)[]> {
  const routedSends = open.filter(isRouted);
  const queue = routedSends[0]?.queue;
  // Nearly always.
  if (routedSends.length === open.length && routedSends.every((routed) => routed.queue === queue)) {
    return sendToQueue(parts, queue as string, routedSends);
  }
  const results = new Map<RoutedSend, RoutedSend | Result>();
  await Promise.all(
    [...Map.groupBy(routedSends, (routed) => routed.queue)].map(async ([name, own]) => {
      const sent = await sendToQueue(parts, name, own);
      own.forEach((routed, at) => {
        results.set(routed, sent[at] as RoutedSend | Result);
      });
    }),
  );
  return open.map((one) => (isRouted(one) ? (results.get(one) as RoutedSend | Result) : one));
}

async function sendToQueue(
  parts: Parts,
  queue: string,
  routedSends: readonly RoutedSend[],
): Promise<(RoutedSend | Result)[]> {
  const settings = parts.settingsOf(queue);
  const edits = routedSends.some((routed) => routed.edits.length > 0)
    ? await arrivalEdits(parts, queue, routedSends)
    : undefined;
  const prepared = routedSends.map((routed) => {
    const one = prepare(routed, settings, parts);
    const edit = edits?.get(routed);
    return edit === undefined ? one : { ...one, item: { ...one.item, edit } };
  });
  let replies: readonly SendReply[];
  try {
    const items = prepared.map(({ item }) => item);
    replies = await parts.store.send(queue, items, settings);
  } catch (error) {
    const refused = refusal(error);
    return routedSends.map(() => refused);
  }
  return replies.map((reply, index) =>
    conclude(parts, routedSends[index] as RoutedSend, reply, prepared[index] as Prepared),
  );
}

function refusal(error: unknown): DlqError {
  return error instanceof DlqError ? error : internal(error);
}

interface Prepared {
  item: SendItem;
  why: string;
}

/** What nothing is told of: it was prepared, stored and told before. */
const REPEATED: Pick<Prepared, "why"> = { why: "" };

function prepare(
  { command, queue, reason, action, by }: RoutedSend,
  settings: QueueSettings,
  parts: Pick<SendParts, "random" | "now">,
): Prepared {
  const { failure, dueAtMs, importedHistory } = command;
  const own = { ...command.retry, rulePolicy: action.retryPolicy };
  const nowMs = parts.now();
  const askedMs =
    command.delayMs ?? (dueAtMs === undefined ? undefined : Math.max(0, dueAtMs - nowMs));
  const { type } = failure;
  const facts = { reason, type, retryAfter: failure, settings, own, nowMs };
  const verdict: Verdict = action.quarantine
    ? { kind: "quarantine", quarantineReason: "RULE", why: `rule ${by} says so` }
    : arrivalVerdict({
        ...facts,
        ...before(importedHistory, nowMs),
        delayMs: askedMs,
        random: parts.random(),
      });
  const delayMs = verdict.kind === "reschedule" ? verdict.delayMs : 0;
  const dropped = action.drop === true;
  const joins = command.dedupKey !== "" && !dropped;
  return {
    why: dropped ? `rule ${by} drops it` : verdict.why,
    item: {
      requestId: command.requestId,
      envelope: dropped ? NOTHING : command.encodeEnvelope(reason),
      payloadBytes: dropped ? 0 : command.payloadBytes,
      failure: joins ? failure.encode(reason) : NOTHING,
      reason,
      quarantineReason: verdict.kind === "quarantine" ? verdict.quarantineReason : undefined,
      delayMs,
      // Exact by the store's clock, unless a window has moved it. Also where nothing would retry it: it may
      // join a message that is in flight.
      dueAtMs: verdict.kind === "quarantine" || delayMs === askedMs ? dueAtMs : undefined,
      ttlMs: command.ttlMs ?? settings.ttlMs,
      retrySettings: encodeRetrySettings(own),
      sourceId: command.sourceId,
      dedupKey: joins ? command.dedupKey : "",
      payloadHash: joins ? command.payloadHash : NOTHING,
      priority: action.priority ?? command.priority,
      limiterKey: limiterKeyOf(command.attribute, settings),
      orderingKey: orderingKeyOf(command.orderingKey, settings),
      dropped,
      note: by,
      number: numberOf(command, queue),
      importedHistory,
    },
  };
}

const NOTHING = new Uint8Array();

/** What a verdict needs to know of a message's imported history. A clock that is ahead says as much as "now". */
function before(importedHistory: SendCommand["importedHistory"], nowMs: number) {
  if (importedHistory === undefined) return {};
  const { attempts, quarantined, firstFailureAtMs = nowMs } = importedHistory;
  return {
    attempts,
    firstFailureAtMs: Math.min(firstFailureAtMs, nowMs),
    wasQuarantined: quarantined,
  };
}

/** A client numbers its sends to each queue that it asks for: those that rules bring here are apart. */
function numberOf({ sendNumber, queue: asked }: SendCommand, queue: string): SendItem["number"] {
  if (sendNumber === undefined) return undefined;
  const { clientId, number } = sendNumber;
  const client = asked === queue ? clientId : Buffer.concat([clientId, Buffer.from(asked)]);
  return { client, number };
}

function conclude(
  parts: SendParts,
  routed: RoutedSend,
  reply: SendReply,
  { why: reasoning }: Pick<Prepared, "why">,
): RoutedSend | Result {
  const { queue, command, reason: sentReason } = routed;
  switch (reply.status) {
    case "failed":
      return reply.error;
    case "routed":
      return { ...routed, queue: reply.queue };
    case "deleting":
      parts.onDeleting(queue);
      return queueDeleting(queue);
    case "full": {
      const { maxMessages, maxBytes } = parts.settingsOf(queue);
      return queueLimit(queue, reply.what, reply.what === "messages" ? maxMessages : maxBytes);
    }
    case "dropped":
      if (!reply.repeated) parts.log.debug({ queue, why: reasoning }, "dropped");
      return { ...NO_MESSAGE, state: "DISCARDED", reason: reply.reason, duplicate: false };
    case "taken":
      parts.log.debug({ queue, why: "its send_number was taken before" }, "repeated");
      return {
        ...{ ...NO_MESSAGE, state: undefined, reason: reply.reason, duplicate: true },
        ...(queue === command.queue ? {} : { queue }),
      };
    case "stored":
      return stored(parts, queue, command.queue, reply, sentReason, reasoning);
  }
}

const NO_MESSAGE = {
  id: new Uint8Array(16),
  dueAtMs: undefined,
  quarantineReason: undefined,
} as const;

function stored(
  { observer, log }: SendParts,
  queue: string,
  asked: string,
  reply: SendReply & { status: "stored" },
  sentReason: RoutedSend["reason"],
  reasoning: string,
): SendResult {
  const { id, state, reason, quarantineReason, joined, repeated } = reply;
  const dueAtMs = state === "SCHEDULED" ? reply.dueAtMs : undefined;
  const result: SendResult = {
    ...{ id, state, reason, dueAtMs, duplicate: joined, quarantineReason },
    ...(queue === asked ? {} : { queue }),
  };
  if (repeated) return result;
  if (!joined) observer.accepted(queue, sentReason);
  const quarantined = state === "QUARANTINED" && !joined;
  if (quarantined || log.isLevelEnabled("debug")) {
    // Only the store knows how often a source was sent.
    const why = quarantineReason === "POISON" ? POISON_WHY : reasoning;
    const facts = { queue, id: formatMessageId(id), reason, state, quarantineReason, joined, why };
    if (quarantined) log.info(facts, "quarantined");
    else log.debug(facts, joined ? "joined" : "accepted");
  }
  return result;
}
