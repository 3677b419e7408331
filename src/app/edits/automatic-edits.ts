import { formatMessageId } from "../../core/message-id.ts";
import type { EditWrite, SettleItem, Store } from "../../store/contract.ts";
import { type DecisionLog, type EditObserver, OnceAMinute } from "../observer.ts";
import type { JudgedSend } from "../rules/rule-judge.ts";
import { nextTurn } from "../timers.ts";
import {
  EditBudget,
  type EditContextParts,
  type EditGroup,
  type EditSource,
  editContext,
  type GroupsPlan,
  groupsOfRules,
  nameOf,
  planGroups,
  TOO_MUCH,
} from "./plan-edits.ts";
import { storedContents } from "./stored-contents.ts";

export interface ArrivalEditsParts extends EditContextParts {
  refusedEdits: Pick<RefusedEdits, "report">;
}

/**
 * Plans the edits that arrival rules ask for. Messages are stored as sent, with the edits beside
 * them.
 */
export async function arrivalEdits(
  parts: ArrivalEditsParts,
  queue: string,
  sends: readonly JudgedSend[],
): Promise<ReadonlyMap<JudgedSend, EditWrite>> {
  const writes = new Map<JudgedSend, EditWrite>();
  const context = editContext(queue, parts);
  const budget = new EditBudget();
  for (const send of sends) {
    if (send.edits.length === 0) continue;
    const stored = { envelope: send.command.encodeEnvelope(send.reason), edits: undefined };
    const groups = groupsOfRules(send.edits);
    const { write, refused } = await planGroups(stored, groups, context, budget);
    for (const { source, detail } of refused) {
      parts.refusedEdits.report(queue, "", source, detail);
    }
    if (write !== undefined) writes.set(send, write);
    await nextTurn();
  }
  return writes;
}

export interface OutcomeEditsParts extends EditContextParts {
  store: Pick<Store, "messages">;
  refusedEdits: Pick<RefusedEdits, "report">;
}

/** An outcome and the edits that come with it. */
export interface DecidedOutcome {
  item: SettleItem;
  /** Absent: no edits. */
  edits?: readonly EditGroup[];
}

const NO_REQUEST = new Uint8Array();

function refuseAll({ edits = [] }: DecidedOutcome, detail: string): GroupsPlan {
  return { refused: edits.map(({ source }) => ({ source, detail })) };
}

/**
 * Adds edits to outcomes, to be written in the same step. A message that cannot be edited is
 * retried without the edit: a transform must not stop retries.
 */
export async function withEdits(
  parts: OutcomeEditsParts,
  queue: string,
  decided: readonly DecidedOutcome[],
): Promise<DecidedOutcome[]> {
  const withEdit = decided.filter(({ edits }) => edits !== undefined);
  const plans = new Map<DecidedOutcome, GroupsPlan>();
  const { messages } = parts.store;
  const { full } = messages;
  if (full === undefined) {
    const context = editContext(queue, parts);
    const budget = new EditBudget();
    const ids = withEdit.map(({ item }) => item.token.messageId);
    let next = 0;
    for await (const one of storedContents(messages, queue, NO_REQUEST, ids)) {
      const outcome = withEdit[next++] as DecidedOutcome;
      if ("stored" in one && one.stored) {
        const groups = outcome.edits ?? [];
        plans.set(outcome, await planGroups(one.stored, groups, context, budget));
      }
      // The budget allows no more edits.
      if (budget.isReadUsedUp) break;
      await nextTurn();
    }
    for (const outcome of withEdit.slice(next)) plans.set(outcome, refuseAll(outcome, TOO_MUCH));
  } else {
    for (const outcome of withEdit) plans.set(outcome, refuseAll(outcome, full));
  }
  return decided.map((outcome) => {
    const { write, refused = [] } = plans.get(outcome) ?? {};
    const id = formatMessageId(outcome.item.token.messageId);
    for (const { source, detail } of refused) {
      parts.refusedEdits.report(queue, id, source, detail);
    }
    return write === undefined ? outcome : { ...outcome, item: { ...outcome.item, edit: write } };
  });
}

export interface RefusedEditsParts {
  observer: EditObserver;
  log: Pick<DecisionLog, "warn">;
  /** The wall clock. */
  now(): number;
}

/**
 * Reports edits that a queue or a rule asks for and that are refused. The message is accepted or
 * retried without them.
 */
export class RefusedEdits {
  readonly #parts: RefusedEditsParts;
  readonly #once: OnceAMinute;

  constructor(parts: RefusedEditsParts) {
    this.#parts = parts;
    this.#once = new OnceAMinute(parts.now);
  }

  /** `id` is empty if the message has none yet. */
  report(queue: string, id: string, source: EditSource, why: string): void {
    const { observer, log } = this.#parts;
    if ("rule" in source) observer.ruleFailed(source.rule);
    else observer.transformsRefused(queue);
    if (!this.#once.isDue(nameOf(source))) return;
    const message = id === "" ? {} : { id };
    log.warn(
      { queue, ...message, by: nameOf(source), why },
      "transforms refused; the message continues without them",
    );
  }
}
