import { precondition } from "../../core/errors.ts";
import type { Store } from "../../store/contract.ts";
import type { ListedPage, ListMessages, ListMessagesCommand } from "./list-messages.ts";
import type { ScanSlots } from "./scan-slots.ts";
import { whileRead } from "./while-read.ts";

export type ExportCommand = Pick<
  ListMessagesCommand,
  "queues" | "filter" | "after" | "showRedacted" | "take"
>;

/** `next` undefined: this is the last page. Its messages were given to `take` of the command. */
export interface ExportedPage extends Pick<ListedPage, "next" | "examined" | "damaged"> {
  storeId: string;
}

/**
 * Yields a page each time the caller reads. Rejects with PRECONDITION at the first message of a queue that hides content, unless
 * the command shows it; with BUSY if too many exports run, or if the caller has not read for long.
 */
export type ExportMessages = (
  command: ExportCommand,
  signal: AbortSignal,
) => AsyncGenerator<ExportedPage>;

/** A page ends earlier if `take` has no room. */
const PAGE_SIZE = 1_000;

export interface ExportMessagesParts {
  list: ListMessages;
  slots: ScanSlots;
  store: { readonly outbox: Pick<Store["outbox"], "storeId"> };
  /** An export ends if its caller reads nothing for so long, in milliseconds. Default: 60 s. */
  unreadMs?: number;
}

export function createExportMessages(parts: ExportMessagesParts): ExportMessages {
  return async function* exportMessages(command, signal) {
    const giveBack = await parts.slots.take(signal);
    yield* whileRead(pages(parts, command, signal), {
      ...{ giveBack, unreadMs: parts.unreadMs, what: "the export was" },
    });
  };
}

async function* pages(
  { list, store }: ExportMessagesParts,
  command: ExportCommand,
  signal: AbortSignal,
): AsyncGenerator<ExportedPage> {
  let { after } = command;
  do {
    let hiding: string | undefined;
    const page: ListedPage = await list(
      {
        ...{ ...command, after, newestFirst: false, pageSize: PAGE_SIZE, history: true },
        take(queue, id, details, view) {
          if (view.redacted === undefined) return command.take(queue, id, details, view);
          hiding = queue;
          return false;
        },
      },
      signal,
    );
    const { next, examined, damaged } = page;
    yield { next, examined, damaged, storeId: store.outbox.storeId };
    if (hiding !== undefined) throw hidden(hiding);
    after = next;
  } while (after !== undefined);
}

function hidden(queue: string) {
  return precondition(
    `queue ${queue}`,
    "it redacts content, which an export without it could not bring back; set show_redacted, which is logged, or choose other queues",
  );
}
