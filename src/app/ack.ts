import { aborted, DlqError, invalidField } from "../core/errors.ts";
import type { LeaseTokenParts } from "../core/lease-token.ts";
import { releaseDelayMs } from "../core/lifetime.ts";
import { formatMessageId } from "../core/message-id.ts";
import { hidesFailures } from "../core/redaction/redaction.ts";
import { retentionOf } from "../core/retention.ts";
import type { QueueSettings } from "../core/settings.ts";
import type { Examined, Settled, SettleItem, SettleReply, Store } from "../store/contract.ts";
import type { AckOutcome, Caller, OutcomeCommand } from "./commands.ts";
import { resultOrDamage, throwIfAllFailed } from "./damage.ts";
import type { SessionRegistry } from "./delivery/session-registry.ts";
import { RefusedEdits, withEdits } from "./edits/automatic-edits.ts";
import { type Decision, decideFailure, type FailureParts } from "./failure-decision.ts";
import {
  type AttemptStatus,
  type DecisionLog,
  type EditObserver,
  failureForLog,
  type Observer,
} from "./observer.ts";
import { requestKey } from "./request-key.ts";
import type { Mover } from "./rules/mover.ts";
import { Pace } from "./timers.ts";

export interface AckParts extends FailureParts {
  store: Pick<Store, "examine" | "settle" | "messages">;
  /** Largest payload of a message, in bytes. */
  payloadMaxBytes?: number;
  /** Whether the log has the notes of workers. Default: not. */
  logNotes?: boolean;
  observer: Observer & EditObserver;
  log: DecisionLog;
  /** Notifies worker sessions that leases have ended. */
  registry: Pick<SessionRegistry, "leasesEnded">;
  /** Moves messages to other queues. Absent: no rules, so nothing moves. */
  mover?: Pick<Mover, "moveNow">;
}

type Parts = AckParts & { refusedEdits: RefusedEdits };

type Valid = Exclude<OutcomeCommand, { kind: "invalid" }>;

/** Outcomes in one script call. A longer script would block other calls. */
const CHUNK = 250;
/** Attempts to decide on messages that change between reading and writing. */
const TRIES = 8;

/**
 * Applies outcomes under their leases: succeeded, failed, released, quarantined, discarded. Rejects if the data of all their
 * queues is damaged.
 */
export function createAck(given: AckParts) {
  const parts: Parts = { ...given, refusedEdits: new RefusedEdits(given) };
  return async (
    requestId: string,
    outcomes: readonly OutcomeCommand[],
    caller?: Caller,
  ): Promise<AckOutcome[]> => {
    const results: AckOutcome[] = outcomes.map((outcome) =>
      outcome.kind === "invalid" ? refuse(outcome.detail) : refuse("not applied"),
    );
    const pace = new Pace();
    await Promise.all(
      splitIntoChunks(outcomes).map(async ({ queue, indexes }, part) => {
        const own = indexes.map((index) => outcomes[index] as Valid);
        const request = requestKey(requestId, queue, part);
        const settled = await resultOrDamage(
          settleChunk(parts, { queue, request, caller, pace }, own),
        );
        indexes.forEach((index, at) => {
          results[index] =
            settled instanceof DlqError ? failed(settled) : toOutcome(settled[at] as Settled);
        });
      }),
    );
    throwIfAllFailed(results);
    return results;
  };
}

/**
 * Groups the valid outcomes by queue, in chunks. The same request always gives the same chunks.
 */
function splitIntoChunks(outcomes: readonly OutcomeCommand[]) {
  const chunks: { queue: string; indexes: number[] }[] = [];
  const open = new Map<string, { queue: string; indexes: number[] }>();
  outcomes.forEach((outcome, index) => {
    if (outcome.kind === "invalid") return;
    const { queue } = outcome.token;
    let chunk = open.get(queue);
    if (chunk === undefined || chunk.indexes.length === CHUNK) {
      chunk = { queue, indexes: [] };
      open.set(queue, chunk);
      chunks.push(chunk);
    }
    chunk.indexes.push(index);
  });
  return chunks;
}

/** What the outcomes of a chunk share. */
interface Chunk {
  queue: string;
  request: Uint8Array;
  caller: Caller;
  /** Of all chunks of the call. */
  pace: Pace;
}

async function settleChunk(
  parts: Parts,
  chunk: Chunk,
  outcomes: readonly Valid[],
): Promise<readonly Settled[]> {
  const { queue, request } = chunk;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const decided = await decide(parts, chunk, outcomes);
    if (!Array.isArray(decided)) return repeatedResults(decided, outcomes);
    const edited = decided.some(({ edits }) => edits !== undefined)
      ? await withEdits(parts, queue, decided)
      : decided;
    const items = edited.map(({ item }) => item);
    const retention = retentionOf(parts.settingsOf(queue));
    const reply = await parts.store.settle(queue, request, items, retention);
    if (reply?.repeated) return repeatedResults(reply, outcomes);
    if (reply !== undefined) {
      report(parts, chunk, decided, reply);
      return reply.results;
    }
  }
  throw aborted(100, `a message of queue ${queue}`);
}

/** The results of an earlier call with this request id. Nothing is applied or counted again. */
function repeatedResults(reply: SettleReply, outcomes: readonly Valid[]): readonly Settled[] {
  if (reply.results.length === outcomes.length) return reply.results;
  throw invalidField(
    "request_id",
    "was used before for other outcomes; use a new one for each call, and the same one only to repeat a call",
  );
}

/** Failures and releases depend on the stored message; the other outcomes do not. */
async function decide(
  parts: AckParts,
  { queue, request, pace }: Chunk,
  outcomes: readonly Valid[],
): Promise<Decision[] | SettleReply> {
  const dependent = outcomes.filter(({ kind }) => kind === "failed" || kind === "released");
  const withEnvelopes =
    parts.rules?.hasRulesFor("FAILURE") === true && dependent.some(({ kind }) => kind === "failed");
  const examined =
    dependent.length === 0
      ? []
      : await parts.store.examine(
          queue,
          request,
          dependent.map(({ token }) => token),
          withEnvelopes,
        );
  if (!Array.isArray(examined)) return examined as SettleReply;
  let next = 0;
  const decisions: Decision[] = [];
  for (const outcome of outcomes) {
    if (pace.isTooLong) await pace.giveTurn();
    if (outcome.kind === "failed") {
      decisions.push(decideFailure(outcome, examined[next++] as Examined, parts));
    } else if (outcome.kind === "released") {
      decisions.push(released(outcome, examined[next++] as Examined));
    } else decisions.push(decideDirectly(outcome, parts.settingsOf(queue)));
  }
  return decisions;
}

function decideDirectly(
  outcome: Exclude<Valid, { kind: "failed" | "released" }>,
  settings: Pick<QueueSettings, "redact">,
): Decision {
  const { token } = outcome;
  // Its note stays in the outbox for longer than the settings of a queue that is deleted.
  const isNotePrivate = hidesFailures(settings);
  switch (outcome.kind) {
    case "succeeded":
      return { item: { token, kind: "succeed" }, why: "the worker succeeded" };
    case "discarded":
      return {
        item: { token, kind: "discard", note: outcome.note, isNotePrivate },
        why: "the worker discarded it",
      };
    case "quarantined": {
      const { note } = outcome;
      const quarantineReason = "WORKER_REQUEST";
      return {
        item: { token, kind: "quarantine", quarantineReason, note, isNotePrivate },
        why: "the worker quarantined it",
      };
    }
  }
}

function released(outcome: Valid & { kind: "released" }, facts: Examined): Decision {
  const { token } = outcome;
  const delayMs = releaseDelayMs(outcome.delayMs ?? 0, facts.releases + 1);
  const item: SettleItem = { token, kind: "release", version: facts.version, delayMs };
  return { item, why: "the worker released it" };
}

const STATUS_OF: Record<SettleItem["kind"], AttemptStatus | undefined> = {
  succeed: "succeeded",
  discard: "discarded",
  quarantine: "quarantined",
  failReschedule: "failed",
  failQuarantine: "quarantined",
  failDiscard: "discarded",
  failMove: "failed",
  release: "released",
  return: undefined,
};

/**
 * An attempt that an open breaker made exempt counts as released: the message is still scheduled.
 */
function statusOf(kind: SettleItem["kind"], state: Settled["state"]): AttemptStatus | undefined {
  const isEnd = kind === "failQuarantine" || kind === "failDiscard";
  return isEnd && state === "SCHEDULED" ? "released" : STATUS_OF[kind];
}

/** Reports applied outcomes to metrics, log and worker sessions, and starts moves. */
function report(
  { observer, log, registry, mover, settingsOf, logNotes = false }: AckParts,
  { queue, caller }: Chunk,
  decided: readonly Decision[],
  reply: SettleReply,
): void {
  const moving = decided
    .filter(
      ({ item }, index) => item.kind === "failMove" && reply.results[index]?.status === "APPLIED",
    )
    .map(({ item }) => item.token.messageId);
  if (moving.length > 0) mover?.moveNow(queue, moving);
  const ended = new Map<string, { sessionId: Uint8Array; leases: LeaseTokenParts[] }>();
  decided.forEach(({ item, why, failure }, index) => {
    const settled = reply.results[index] as Settled;
    if (settled.status !== "APPLIED") return;
    const { state, quarantineReason, heldMs, ageMs, sessionId } = settled;
    const status = statusOf(item.kind, state);
    if (status !== undefined) observer.attempt(queue, status);
    // For a late outcome the time of the work is unknown.
    if (sessionId !== undefined) observer.processed(queue, heldMs);
    if (state === "SUCCEEDED" || state === "DISCARDED") observer.left(queue, ageMs);
    if (sessionId !== undefined) {
      const key = formatMessageId(sessionId);
      const own = ended.get(key) ?? { sessionId, leases: [] };
      own.leases.push(item.token);
      ended.set(key, own);
    }
    const isFinal = status === "quarantined" || status === "discarded";
    if (!isFinal && !log.isLevelEnabled("debug")) return;
    const id = formatMessageId(item.token.messageId);
    const { reason, delayMs } = item;
    // Other notes are names of rules.
    const isWorkers = item.kind === "quarantine" || item.kind === "discard";
    const settings = settingsOf(queue);
    const isPrivate = !logNotes || hidesFailures(settings);
    const note = isWorkers && isPrivate ? undefined : item.note;
    const cause = failure === undefined ? {} : { failure: failureForLog(failure, settings) };
    const verdict = { id, state, reason, quarantineReason, why, note, delayMs };
    const facts = { queue, ...verdict, caller, ...cause };
    if (isFinal) log.info(facts, status);
    else log.debug(facts, status ?? "returned");
  });
  for (const { sessionId, leases } of ended.values()) registry.leasesEnded(sessionId, leases);
}

const NO_STATE = { state: undefined, dueAtMs: undefined, quarantineReason: undefined };

function refuse(detail: string): AckOutcome {
  return { ...NO_STATE, status: "INVALID", detail };
}

function failed(error: DlqError): AckOutcome {
  return { ...NO_STATE, status: "INTERNAL", detail: "", error };
}

function toOutcome({ status, state, dueAtMs, quarantineReason }: Settled): AckOutcome {
  return { status, state, dueAtMs, quarantineReason, detail: "" };
}
