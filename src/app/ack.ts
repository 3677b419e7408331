import { aborted, invalidField } from "../core/errors.ts";
import type { LeaseTokenParts } from "../core/lease-token.ts";
import { releaseDelayMs } from "../core/lifetime.ts";
import { formatMessageId } from "../core/message-id.ts";
import type { Examined, Settled, SettleItem, SettleReply, Store } from "../store/contract.ts";
import type { AckOutcome, OutcomeCommand } from "./commands.ts";
import type { SessionRegistry } from "./delivery/session-registry.ts";
import { withEdits } from "./edits/outcome-edits.ts";
import { RefusedEdits } from "./edits/refused-edits.ts";
import { type Decision, decideFailure, type FailureParts } from "./failure-decision.ts";
import type { AttemptStatus, DecisionLog, EditObserver, Observer } from "./observer.ts";
import { requestKey } from "./request-key.ts";
import type { Mover } from "./rules/mover.ts";

export interface AckParts extends FailureParts {
  store: Pick<Store, "examine" | "settle" | "messages">;
  /** Largest payload of a message. */
  payloadMaxBytes?: number;
  observer: Observer & EditObserver;
  log: DecisionLog;
  /** Tells the streams that leases of theirs have ended. */
  registry: Pick<SessionRegistry, "leasesEnded">;
  /** Takes to their other queue what has set out; absent where nothing does. */
  mover?: Pick<Mover, "hurry">;
}

type Parts = AckParts & { refusedEdits: RefusedEdits };

type Valid = Exclude<OutcomeCommand, { kind: "invalid" }>;

/** Outcomes that one script call carries: others wait for it. */
const CHUNK = 250;
/** Tries to decide on messages that change between reading and writing. */
const TRIES = 8;

/** Applies outcomes under their leases: succeeded, failed, released, quarantined, discarded. */
export function createAck(given: AckParts) {
  const parts: Parts = { ...given, refusedEdits: new RefusedEdits(given) };
  return async (requestId: string, outcomes: readonly OutcomeCommand[]): Promise<AckOutcome[]> => {
    const results: AckOutcome[] = outcomes.map((outcome) =>
      outcome.kind === "invalid" ? refuse(outcome.detail) : refuse("not applied"),
    );
    await Promise.all(
      chunks(outcomes).map(async ({ queue, indexes }, part) => {
        const own = indexes.map((index) => outcomes[index] as Valid);
        const settled = await settleChunk(parts, queue, requestKey(requestId, queue, part), own);
        indexes.forEach((index, at) => {
          results[index] = toOutcome(settled[at] as Settled);
        });
      }),
    );
    return results;
  };
}

/** The valid outcomes by queue, in pieces; the same request is always cut the same way. */
function chunks(outcomes: readonly OutcomeCommand[]) {
  const pieces: { queue: string; indexes: number[] }[] = [];
  const open = new Map<string, { queue: string; indexes: number[] }>();
  outcomes.forEach((outcome, index) => {
    if (outcome.kind === "invalid") return;
    const { queue } = outcome.token;
    let piece = open.get(queue);
    if (piece === undefined || piece.indexes.length === CHUNK) {
      piece = { queue, indexes: [] };
      open.set(queue, piece);
      pieces.push(piece);
    }
    piece.indexes.push(index);
  });
  return pieces;
}

async function settleChunk(
  parts: Parts,
  queue: string,
  request: Uint8Array,
  outcomes: readonly Valid[],
): Promise<readonly Settled[]> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const decided = await decide(parts, queue, request, outcomes);
    if (!Array.isArray(decided)) return sameRequest(decided, outcomes);
    const edited = decided.some(({ edits }) => edits !== undefined)
      ? await withEdits(parts, queue, decided)
      : decided;
    const items = edited.map(({ item }) => item);
    const reply = await parts.store.settle(queue, request, items);
    if (reply?.repeated) return sameRequest(reply, outcomes);
    if (reply !== undefined) {
      tell(parts, queue, decided, reply);
      return reply.results;
    }
  }
  throw aborted(100, `a message of queue ${queue}`);
}

/** This request has been answered before: nothing happens again, and nothing is counted again. */
function sameRequest(reply: SettleReply, outcomes: readonly Valid[]): readonly Settled[] {
  if (reply.results.length === outcomes.length) return reply.results;
  throw invalidField(
    "request_id",
    "was used before, for other outcomes; take a fresh one for each call, and the same one only to repeat it",
  );
}

/** Failures and releases need to know the message; the others are the worker's word alone. */
async function decide(
  parts: AckParts,
  queue: string,
  request: Uint8Array,
  outcomes: readonly Valid[],
): Promise<Decision[] | SettleReply> {
  const asking = outcomes.filter(({ kind }) => kind === "failed" || kind === "released");
  const withEnvelopes =
    parts.rules?.hasRulesFor("FAILURE") === true && asking.some(({ kind }) => kind === "failed");
  const examined =
    asking.length === 0
      ? []
      : await parts.store.examine(
          queue,
          request,
          asking.map(({ token }) => token),
          withEnvelopes,
        );
  if (!Array.isArray(examined)) return examined as SettleReply;
  let next = 0;
  return outcomes.map((outcome) => {
    if (outcome.kind !== "failed" && outcome.kind !== "released") return byWord(outcome);
    const facts = examined[next++] as Examined;
    return outcome.kind === "failed"
      ? decideFailure(outcome, facts, parts)
      : released(outcome, facts);
  });
}

function byWord(outcome: Exclude<Valid, { kind: "failed" | "released" }>): Decision {
  const { token } = outcome;
  switch (outcome.kind) {
    case "succeeded":
      return { item: { token, kind: "succeed" }, why: "the worker succeeded" };
    case "discarded":
      return {
        item: { token, kind: "discard", note: outcome.note },
        why: "the worker discarded it",
      };
    case "quarantined": {
      const { note } = outcome;
      const quarantineReason = "WORKER_REQUEST";
      return {
        item: { token, kind: "quarantine", quarantineReason, note },
        why: "the worker asked for quarantine",
      };
    }
  }
}

function released(outcome: Valid & { kind: "released" }, facts: Examined): Decision {
  const { token } = outcome;
  const delayMs = releaseDelayMs(outcome.delayMs ?? 0, facts.releases + 1);
  const item: SettleItem = { token, kind: "release", version: facts.version, delayMs };
  return { item, why: "the worker gave it back" };
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

/** What an open breaker has spared is still there, whatever was decided of it. */
function statusOf(kind: SettleItem["kind"], state: Settled["state"]): AttemptStatus | undefined {
  const isEnd = kind === "failQuarantine" || kind === "failDiscard";
  return isEnd && state === "SCHEDULED" ? "released" : STATUS_OF[kind];
}

function tell(
  { observer, log, registry, mover }: AckParts,
  queue: string,
  decided: readonly Decision[],
  reply: SettleReply,
): void {
  const setOut = decided
    .filter(
      ({ item }, index) => item.kind === "failMove" && reply.results[index]?.status === "APPLIED",
    )
    .map(({ item }) => item.token.messageId);
  if (setOut.length > 0) mover?.hurry(queue, setOut);
  const ended = new Map<string, { sessionId: Uint8Array; leases: LeaseTokenParts[] }>();
  decided.forEach(({ item, why }, index) => {
    const settled = reply.results[index] as Settled;
    if (settled.status !== "APPLIED") return;
    const { state, quarantineReason, heldMs, ageMs, sessionId } = settled;
    const status = statusOf(item.kind, state);
    if (status !== undefined) observer.attempt(queue, status);
    // A late outcome says nothing of how long the work took.
    if (sessionId !== undefined) observer.processed(queue, heldMs);
    if (state === "SUCCEEDED" || state === "DISCARDED") observer.left(queue, ageMs);
    if (sessionId !== undefined) {
      const key = formatMessageId(sessionId);
      const own = ended.get(key) ?? { sessionId, leases: [] };
      own.leases.push(item.token);
      ended.set(key, own);
    }
    const setAside = status === "quarantined" || status === "discarded";
    if (!setAside && !log.isLevelEnabled("debug")) return;
    const id = formatMessageId(item.token.messageId);
    const { reason, note, delayMs } = item;
    const facts = { queue, id, state, reason, quarantineReason, why, note, delayMs };
    if (setAside) log.info(facts, status);
    else log.debug(facts, status ?? "returned");
  });
  for (const { sessionId, leases } of ended.values()) registry.leasesEnded(sessionId, leases);
}

function refuse(detail: string): AckOutcome {
  return {
    status: "INVALID",
    state: undefined,
    dueAtMs: undefined,
    quarantineReason: undefined,
    detail,
  };
}

function toOutcome({ status, state, dueAtMs, quarantineReason }: Settled): AckOutcome {
  return { status, state, dueAtMs, quarantineReason, detail: "" };
}
