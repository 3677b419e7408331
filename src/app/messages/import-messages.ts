import { limiterKeyOf, orderingKeyOf } from "../../core/delivery-settings.ts";
import { DlqError, internal, queueDeleting, queueLimit } from "../../core/errors.ts";
import { hidesFailures } from "../../core/redaction/redaction.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { Imported, ImportItem, Store } from "../../store/contract.ts";
import type { SendCommand } from "../commands.ts";
import { eventFieldsOf } from "../event-fields-of.ts";
import type { GroupOf } from "../groups/failure-group.ts";
import type { DecisionLog } from "../observer.ts";
import { Pace } from "../timers.ts";

/** A whole message, and what the settings of its queue are applied to. */
export interface MessageToImport {
  queue: string;
  item: Omit<ImportItem, "limiterKey" | "orderingKey" | "eventFields" | "group">;
  /** As it would be delivered. */
  content: Pick<SendCommand, "attribute" | "payload" | "sourceId" | "orderingKey">;
  latestFailure: SendCommand["failure"];
}

export interface ImportCommand {
  importId: string;
  dryRun: boolean;
  caller: string | undefined;
  messages: readonly MessageToImport[];
}

/** An error: the message was refused. */
export type ImportResult = "IMPORTED" | "ALREADY_THERE" | DlqError;

export interface ImportAnswer {
  /** One for each message, in order. */
  results: ImportResult[];
  storeId: string;
}

/** Stores exported messages. Each succeeds or fails on its own. */
export type ImportMessages = (command: ImportCommand) => Promise<ImportAnswer>;

export interface ImportMessagesParts {
  store: {
    readonly moves: Pick<Store["moves"], "storeImported">;
    readonly outbox: Pick<Store["outbox"], "storeId">;
  };
  settingsOf(queue: string): QueueSettings;
  groupOf: GroupOf;
  /** Attributes, and `source_id`, that changes in the outbox carry. */
  outboxFields?: readonly string[];
  log: Pick<DecisionLog, "info">;
  /** Called when a queue is sealed, to finish its deletion. */
  onDeleting(queue: string): void;
}

export function createImportMessages(parts: ImportMessagesParts): ImportMessages {
  return async (command) => {
    const { messages, importId, dryRun, caller } = command;
    const results = new Map<MessageToImport, ImportResult>();
    // One queue after the other: a call may have 1,000 queues.
    for (const [queue, own] of Map.groupBy(messages, (one) => one.queue)) {
      const found = await importTo(parts, queue, own, command);
      own.forEach((message, index) => {
        results.set(message, found[index] as ImportResult);
      });
    }
    const ordered = messages.map((message) => results.get(message) as ImportResult);
    if (!dryRun) {
      const imported = ordered.filter((result) => result === "IMPORTED").length;
      const refused = ordered.filter((result) => result instanceof DlqError).length;
      const alreadyThere = ordered.length - imported - refused;
      parts.log.info({ caller, importId, imported, alreadyThere, refused }, "messages imported");
    }
    return { results: ordered, storeId: parts.store.outbox.storeId };
  };
}

async function importTo(
  parts: ImportMessagesParts,
  queue: string,
  messages: readonly MessageToImport[],
  how: ImportCommand,
): Promise<ImportResult[]> {
  try {
    const settings = parts.settingsOf(queue);
    const items: ImportItem[] = [];
    const pace = new Pace();
    for (const message of messages) {
      if (pace.isTooLong) await pace.giveTurn();
      items.push(itemOf(message, settings, parts));
    }
    const outcomes = await parts.store.moves.storeImported(queue, items, settings, how);
    return outcomes.map((outcome) => resultOf(outcome, queue, settings, parts));
  } catch (error) {
    const refused = error instanceof DlqError ? error : internal(error);
    return messages.map(() => refused);
  }
}

function itemOf(
  { item, content, latestFailure }: MessageToImport,
  settings: QueueSettings,
  { groupOf, outboxFields }: ImportMessagesParts,
): ImportItem {
  return {
    ...item,
    limiterKey: limiterKeyOf(content.attribute, settings),
    orderingKey: orderingKeyOf(content.orderingKey, settings),
    eventFields: eventFieldsOf(content, settings, outboxFields),
    group: groupOf(latestFailure, item.reason, hidesFailures(settings)),
  };
}

function resultOf(
  outcome: Imported,
  queue: string,
  { maxMessages, maxBytes }: QueueSettings,
  { onDeleting }: ImportMessagesParts,
): ImportResult {
  switch (outcome) {
    case "FULL_MESSAGES":
      return queueLimit(queue, "messages", maxMessages);
    case "FULL_BYTES":
      return queueLimit(queue, "bytes", maxBytes);
    case "DELETING":
      onDeleting(queue);
      return queueDeleting(queue);
    default:
      return outcome;
  }
}
