import { unknownMessage } from "../../core/errors.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { redactionOf } from "../../core/redaction/redaction.ts";
import type { MessageDetails, Store } from "../../store/contract.ts";
import { ContentView, type RedactionOf } from "./content-view.ts";
import { type CountMessages, createCountMessages } from "./count-messages.ts";
import { DamageLog, type DamageLogParts } from "./damage-log.ts";
import { createExplain, type Explain, type ExplainParts } from "./explain.ts";
import { createExportMessages, type ExportMessages } from "./export-messages.ts";
import {
  createImportMessages,
  type ImportMessages,
  type ImportMessagesParts,
} from "./import-messages.ts";
import { createListMessages, type ListMessages } from "./list-messages.ts";
import { Scanner } from "./scan.ts";
import { ScanSlots } from "./scan-slots.ts";

export type { MessageDetails, StoredEvent, StoredFailure } from "../../store/contract.ts";

/** Shows operators what is stored. Rejects with a DlqError. */
export interface MessageAdmin {
  /**
   * Rejects with NOT_FOUND if the queue has no such message, and with DAMAGED if it cannot be read; the content that it returns
   * may still be damaged. `showRedacted`: with what the queue hides.
   */
  get(
    queue: string,
    id: Uint8Array,
    showRedacted: boolean,
  ): Promise<{ details: MessageDetails; view: ContentView }>;
  readonly list: ListMessages;
  readonly count: CountMessages;
  readonly exportMessages: ExportMessages;
  readonly importMessages: ImportMessages;
  readonly explain: Explain;
}

export interface MessageAdminParts extends ExplainParts, DamageLogParts, ImportMessagesParts {
  store: Pick<Store, "messageReads" | "queues" | "deliveryBlocks" | "moves" | "outbox">;
  log: DamageLogParts["log"] & ImportMessagesParts["log"];
}

/** Lists that run at once, and counts. Each holds up to 4 MiB of messages, and a count up to 10 MB of values. */
const SCANS_AT_ONCE = 16;
const SCANS_WAITING = 256;
/** Exports take long: further ones are refused at once. Each holds about a MiB that its caller has not read. */
export const EXPORTS_AT_ONCE = 16;

export function createMessageAdmin(parts: MessageAdminParts): MessageAdmin {
  const { store, settingsOf } = parts;
  const redactionIn: RedactionOf = (queue) => redactionOf(settingsOf(queue).redact);
  const damageLog = new DamageLog(parts);
  const scans = { scanner: new Scanner(store), redactionOf: redactionIn, damageLog };
  const slotsFor = (kind: string) => new ScanSlots(kind, SCANS_AT_ONCE, SCANS_WAITING);
  const list = createListMessages({ ...scans, slots: slotsFor("lists") });
  return {
    explain: createExplain(parts),
    list,
    exportMessages: createExportMessages({
      ...{ store, list },
      slots: new ScanSlots("exports", EXPORTS_AT_ONCE, 0),
    }),
    importMessages: createImportMessages(parts),
    count: createCountMessages({
      ...scans,
      slots: slotsFor("counts"),
      now: () => performance.now(),
    }),

    async get(queue, id, showRedacted) {
      const [details] = await store.messageReads.details(queue, [id]);
      if (details === undefined) throw unknownMessage(queue, formatMessageId(id));
      const redaction = showRedacted ? undefined : redactionIn(queue);
      const view = new ContentView(redaction, details);
      await view.prepare();
      return { details, view };
    },
  };
}
