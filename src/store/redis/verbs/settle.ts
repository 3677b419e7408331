import type { LeaseTokenParts } from "../../../core/lease-token.ts";
import { ISOLATE_AFTER_EXPIRIES } from "../../../core/lifetime.ts";
import { QUARANTINE_REASONS, REASONS } from "../../../core/reason.ts";
import type { Retention } from "../../../core/retention.ts";
import { cutUtf8 } from "../../../core/utf8.ts";
import type { Examined, Settled, SettleItem, SettleKind, SettleReply } from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import type { StoreContext } from "../context.ts";
import { packEdit } from "../edits.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { type Part, pack } from "../packed/layout.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { optionalMs, Reader } from "../packed/reader.ts";
import { packRetention } from "../retention.ts";
import type { RunScript } from "../script-runner.ts";
import { anyState, storedQuarantineReason, storedReason } from "../states.ts";
import { tokenFields, tokenStatus } from "./leases.ts";

const { FLAG, OUTCOME, OUTCOME_BIT } = CONSTANTS;

const KINDS = {
  succeed: OUTCOME.SUCCEED,
  discard: OUTCOME.DISCARD,
  quarantine: OUTCOME.QUARANTINE,
  failReschedule: OUTCOME.FAIL_RESCHEDULE,
  failQuarantine: OUTCOME.FAIL_QUARANTINE,
  release: OUTCOME.RELEASE,
  return: OUTCOME.RETURN,
  failDiscard: OUTCOME.FAIL_DISCARD,
  failMove: OUTCOME.FAIL_MOVE,
} as const satisfies Record<SettleKind, number>;

const NOTHING = new Uint8Array();

/** Bytes of envelopes in one reply: others wait for the script. */
const REPLY_BYTES = 4 * 1024 * 1024;

/** With `bodies` also reads envelopes: as many replies as they need. */
export async function runExamine(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  tokens: readonly LeaseTokenParts[],
  bodies?: Bodies,
): Promise<Examined[] | SettleReply> {
  const header = { request, withBodies: bodies ? 1 : 0, replyBytes: REPLY_BYTES };
  const items = tokens.map((token) => ({ token: LAYOUTS.token.pack(tokenFields(token)) }));
  const examined: Examined[] = [];
  let open = [...items.keys()];
  do {
    const asked = open.map((index) => items[index] as { token: Buffer });
    const [answer, ...values] = (await run("examine", queue, header, asked)) as [
      Buffer,
      ...StoredBody[],
    ];
    if (answer.length > 0) return readSettled(answer, true);
    open.forEach((index, at) => {
      const facts = readExamined(values[at] as Buffer);
      const body = values[open.length + at];
      examined[index] = bodies && body ? { ...facts, ...readBody(body, bodies) } : facts;
    });
    const lacking = open.filter((index) => bodies && lacksEnvelope(examined[index] as Examined));
    // A reply has at least one envelope: where none came, the next would have none either.
    open = lacking.length < open.length ? lacking : [];
  } while (open.length > 0);
  return examined;
}

function lacksEnvelope({ status, envelope }: Examined): boolean {
  return status === "APPLIED" && envelope === undefined;
}

/** Of an edited message with its edits. Empty: the reply had no room for it. */
type StoredBody = Buffer | [envelope: Buffer, edits: Buffer];

function readBody(body: StoredBody, bodies: Bodies): Pick<Examined, "envelope" | "edits"> {
  const [envelope, edits] = Array.isArray(body) ? body : [body];
  if (envelope.length === 0) return {};
  return { envelope: bodies.unpack(envelope), ...(edits ? { edits: bodies.unpack(edits) } : {}) };
}

function readExamined(facts: Buffer): Examined {
  const reader = new Reader(facts);
  const { status, flags, reason, version, attempts, releases } = reader.read(LAYOUTS.examined);
  const hasExtra = (flags & FLAG.EXTRA) !== 0;
  const extra = hasExtra ? reader.read(LAYOUTS.examinedExtra) : undefined;
  return {
    status: tokenStatus(status),
    reason: storedReason(reason),
    version,
    attempts,
    releases,
    poisoned: (flags & FLAG.POISONED) !== 0,
    roundStartedAtMs: optionalMs(extra?.round ?? 0),
    lastDelayMs: optionalMs(extra?.lastDelay ?? 0),
    priority: extra?.priority ?? 0,
    hops: extra?.hops ?? 0,
    retrySettings: reader.rest(),
  };
}

export async function runSettle(
  context: StoreContext,
  queue: string,
  request: Uint8Array,
  items: readonly SettleItem[],
  retention?: Retention,
): Promise<SettleReply | undefined> {
  const { run, outboxMaxBytes, bodies, groupDescriptions, deliverySettingsOf, historyChangedAtMs } =
    context;
  const header = {
    request,
    retention: packRetention(retention),
    isolateAt: ISOLATE_AFTER_EXPIRIES,
    historyChanged: historyChangedAtMs(),
    outboxMaxBytes,
    deliverySettings: deliverySettingsOf(queue),
  };
  const args = items.map((item) => ({
    facts: packOutcome(item, groupDescriptions.pack(queue, item.group), bodies),
  }));
  const answer = (await run("settle", queue, header, args)) as Buffer | [Buffer];
  if (Array.isArray(answer)) return readSettled(answer[0], true);
  if (answer.length === 0) return undefined;
  for (const { group } of items) groupDescriptions.stored(queue, group);
  return readSettled(answer, false);
}

/** Longer ones are cut. */
const DECISION_BYTES = 255;

function outcomeBits(item: SettleItem): number {
  return (
    (item.version === undefined ? 0 : OUTCOME_BIT.VERSIONED) |
    (item.countsForBreaker ? OUTCOME_BIT.COUNTS : 0) |
    (item.rememberDelay ? OUTCOME_BIT.REMEMBER : 0) |
    (item.priority === undefined ? 0 : OUTCOME_BIT.PRIORITY) |
    (item.retrySettings === undefined ? 0 : OUTCOME_BIT.RETRY) |
    (item.move === undefined ? 0 : OUTCOME_BIT.MOVE) |
    (item.edit === undefined ? 0 : OUTCOME_BIT.EDITS) |
    (item.isNotePrivate ? OUTCOME_BIT.PRIVATE_NOTE : 0)
  );
}

function packOutcome(item: SettleItem, group: Uint8Array, bodies: Bodies): Buffer {
  const outcome = LAYOUTS.settleItem.of({
    ...tokenFields(item.token),
    kind: KINDS[item.kind],
    bits: outcomeBits(item),
    version: item.version ?? 0,
    delay: item.delayMs ?? 0,
    qreason: item.quarantineReason ? QUARANTINE_REASONS[item.quarantineReason] : 0,
    reason: item.reason ? REASONS[item.reason] : 0,
    failure: item.failure ?? NOTHING,
    group,
    decision: item.decision ? Buffer.from(cutUtf8(item.decision, DECISION_BYTES)) : NOTHING,
    note: item.note ? Buffer.from(item.note) : NOTHING,
  });
  const changes = changedParts(item, bodies);
  return changes.length === 0 ? pack(outcome) : pack(outcome, ...changes);
}

/** What rules and edits change of a message, in the order of the bits. */
function changedParts(item: SettleItem, bodies: Bodies): readonly Part[] {
  const { priority, retrySettings, move, edit } = item;
  const parts: Part[] = [];
  if (priority !== undefined) parts.push(LAYOUTS.settlePriority.of({ priority }));
  if (retrySettings !== undefined) parts.push(LAYOUTS.settleRetry.of({ retry: retrySettings }));
  if (move !== undefined) {
    const { quarantineReason, delayMs } = move.ifRefused;
    parts.push(
      LAYOUTS.settleMove.of({
        refusedQreason: quarantineReason ? QUARANTINE_REASONS[quarantineReason] : 0,
        refusedDelay: delayMs,
        target: Buffer.from(move.target),
      }),
    );
  }
  if (edit !== undefined) parts.push(LAYOUTS.settleEdits.of({ edits: packEdit(edit, bodies) }));
  return parts;
}

function readSettled(answer: Buffer, repeated: boolean): SettleReply {
  const reader = new Reader(answer);
  const { now } = reader.read(LAYOUTS.settledAt);
  const results: Settled[] = [];
  while (!reader.done) {
    const settled = reader.read(LAYOUTS.settled);
    const state = anyState(settled.state);
    results.push({
      status: tokenStatus(settled.status),
      state,
      quarantineReason: storedQuarantineReason(settled.qreason),
      dueAtMs: state === "SCHEDULED" ? optionalMs(settled.due) : undefined,
      sessionId: settled.hasSession > 0 ? settled.session : undefined,
      heldMs: settled.held,
      ageMs: settled.age,
    });
  }
  return { nowMs: now, results, repeated };
}
