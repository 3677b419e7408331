import { ContentView } from "../../src/app/messages/content-view.ts";
import type { CountMessagesCommand, MessageCounts } from "../../src/app/messages/count-messages.ts";
import type { Explanation } from "../../src/app/messages/explain.ts";
import type { ExportCommand, ExportedPage } from "../../src/app/messages/export-messages.ts";
import type {
  ImportAnswer,
  ImportCommand,
  ImportResult,
} from "../../src/app/messages/import-messages.ts";
import type { ListedPage, ListMessagesCommand } from "../../src/app/messages/list-messages.ts";
import type {
  MessageAdmin,
  MessageDetails,
  StoredEvent,
} from "../../src/app/messages/message-admin.ts";
import { redactionOf } from "../../src/core/redaction/redaction.ts";

/** Of a message that waits, with an empty envelope. */
export const DETAILS: MessageDetails = {
  ...{ state: "SCHEDULED", quarantineReason: undefined, reason: "TIMEOUT", isolated: false },
  ...{ attempts: 2, deliveries: 3, releases: 1, leaseExpiries: 1, unknownOutcomes: 1 },
  ...{
    priority: 0,
    group: "",
    failureCount: 3,
    bytes: 99,
    sinceMs: 10_000,
    dueAtMs: 20_000,
    expireAtMs: undefined,
  },
  ...{ leaseExpireAtMs: undefined, workerId: undefined, streamEnded: false },
  ...{ poisoned: false, ttlMs: 0, roundStartedAtMs: undefined, lastDelayMs: 0, moves: 0 },
  ...{ movesTo: undefined },
  ...{
    retrySettings: new Uint8Array(),
    envelope: new Uint8Array(),
    edits: undefined,
    laterFailures: [],
    events: [],
  },
};

/** A worker has quarantined the message. */
export const QUARANTINED: StoredEvent = {
  ...{ kind: "QUARANTINED", atMs: 9_000, startedAtMs: 8_000, delivery: 2 },
  ...{ quarantineReason: "WORKER_REQUEST", workerId: "billing-1", server: "node-1" },
  ...{ caller: undefined, queue: undefined, note: "no such card: 4111-1" },
};

/** A scripted MessageAdmin. */
export class ScriptedMessages implements MessageAdmin {
  details: MessageDetails | undefined;
  readonly asked: { queue: string; id: Uint8Array; showRedacted: boolean }[] = [];
  /** What its queue hides. */
  redact: readonly string[] = [];

  async get(queue: string, id: Uint8Array, showRedacted: boolean) {
    this.asked.push({ queue, id, showRedacted });
    if (this.details === undefined) throw new Error("no message is scripted");
    return { details: this.details, view: this.#viewOf(this.details) };
  }

  #viewOf(details: MessageDetails): ContentView {
    return new ContentView(redactionOf(this.redact), details);
  }

  /** The messages of the answer, as far as they are taken; the page ends before the first that is not. */
  listed: { queue: string; id: Uint8Array; details: MessageDetails }[] = [];
  page: ListedPage = { next: undefined, examined: 0, redacted: 0, damaged: 0 };
  command: ListMessagesCommand | undefined;

  explanations: Explanation[] = [];
  readonly explained: (string | { queue: string; id: Uint8Array })[] = [];

  readonly explain = {
    queue: async (queue: string) => {
      this.explained.push(queue);
      return this.explanations;
    },
    message: async (queue: string, id: Uint8Array) => {
      this.explained.push({ queue, id });
      return this.explanations;
    },
  };

  counts: MessageCounts[] = [];
  counted: CountMessagesCommand | undefined;

  async *count(command: CountMessagesCommand): AsyncGenerator<MessageCounts> {
    this.counted = command;
    yield* this.counts;
  }

  exported: ExportCommand | undefined;
  /** The messages of each page that `exportMessages` answers. */
  exportPages: { page: ExportedPage; messages: ScriptedMessages["listed"] }[] = [];

  async *exportMessages(command: ExportCommand): AsyncGenerator<ExportedPage> {
    this.exported = command;
    for (const { page, messages } of this.exportPages) {
      for (const { queue, id, details } of messages)
        command.take(queue, id, details, this.#viewOf(details));
      yield page;
    }
  }

  readonly imported: ImportCommand[] = [];
  importResults: ImportResult[] = [];

  async importMessages(command: ImportCommand): Promise<ImportAnswer> {
    this.imported.push(command);
    return { results: this.importResults, storeId: "abc123" };
  }

  async list(command: ListMessagesCommand): Promise<ListedPage> {
    this.command = command;
    for (const { queue, id, details } of this.listed) {
      if (!command.take(queue, id, details, this.#viewOf(details))) break;
    }
    return this.page;
  }
}
