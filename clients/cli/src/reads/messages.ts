import { create } from "@bufbuild/protobuf";
import {
  type ListMessagesResponse,
  ListMessagesResponseSchema,
  MessageView,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { StoredMessage } from "../../../../gen/dlq/v1/stored_message_pb.ts";
import { lookUp } from "../call-errors.ts";
import { CliError, EXIT, usageError } from "../errors.ts";
import { countedText, countText } from "../output/numbers.ts";
import type { Run } from "../run.ts";
import { literal } from "../values/filter.ts";

/** Which messages to read, and how many. */
export interface ListQuery {
  readonly queue: string;
  readonly filter: string;
  readonly newestFirst: boolean;
  readonly view: MessageView;
  /** Also what queues redact. */
  readonly showRedacted?: boolean;
  /** What the filter cannot say: leaves out messages that were found. */
  readonly matches?: ((stored: StoredMessage) => boolean) | undefined;
  /** Most messages to return. */
  readonly limit: number;
  /** Most messages to examine. */
  readonly maxExamined: number;
  /** Gets the messages of each page, to print them at once; the answer then has none. */
  readonly onPage?: ((messages: readonly StoredMessage[]) => void) | undefined;
}

/** What was read, as one answer: `nextPageToken` is set if there may be more. */
export interface Listing {
  readonly answer: ListMessagesResponse;
  readonly foundCount: number;
  /** Why it ended before all messages were examined. */
  readonly endedBy: "limit" | "examined" | "interrupt" | undefined;
}

const PAGE_SIZE = 1_000;

/** Reads pages until the limit, or until all messages are examined. Ctrl-C ends it with the messages so far. */
export async function listMessages(run: Run, query: ListQuery): Promise<Listing> {
  const { queue, filter, newestFirst, view, showRedacted = false, limit, maxExamined } = query;
  const answer = create(ListMessagesResponseSchema);
  const progress = run.print.progress();
  let foundCount = 0;
  let isCut = false;
  try {
    do {
      const left = limit - foundCount;
      const pageSize = query.matches === undefined ? Math.min(PAGE_SIZE, left) : PAGE_SIZE;
      const page = await run.admin.listMessages(
        {
          ...{ queue, filter, newestFirst, view, showRedacted },
          ...{ pageSize, pageToken: answer.nextPageToken },
        },
        run.call,
      );
      const all = page.messages.filter(query.matches ?? (() => true));
      const messages = all.slice(0, left);
      isCut = messages.length < all.length;
      foundCount += messages.length;
      if (query.onPage === undefined) answer.messages.push(...messages);
      else if (messages.length > 0) {
        progress.end();
        query.onPage(messages);
      }
      answer.examinedCount += page.examinedCount;
      answer.redactedCount += page.redactedCount;
      answer.nextPageToken = page.nextPageToken;
      if (page.nextPageToken === "") break;
      const found = countText(foundCount);
      progress.show(`examined ${countedText(answer.examinedCount, "message")}, found ${found}`);
    } while (
      answer.nextPageToken !== "" &&
      foundCount < limit &&
      answer.examinedCount < maxExamined
    );
  } catch (error) {
    if (!run.signal.aborted) throw error;
    return { answer, foundCount, endedBy: "interrupt" };
  } finally {
    progress.end();
  }
  if (answer.nextPageToken === "" && !isCut) return { answer, foundCount, endedBy: undefined };
  return { answer, foundCount, endedBy: foundCount >= limit ? "limit" : "examined" };
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Reports whether the text is the id of a message. */
export function isMessageId(text: string): boolean {
  return UUID.test(text);
}

/** Returns the message, from any queue or from the given one. @throws {CliError} if there is none */
export async function findMessage(
  run: Run,
  id: string,
  queue: string | undefined,
  showRedacted = false,
): Promise<StoredMessage> {
  const name = queue ?? (await queueOf(run, id));
  const call = run.admin.getMessage({ queue: name, id, showRedacted }, run.call);
  const { message } = await lookUp("message", id, call);
  if (message === undefined) throw missing(id);
  return message;
}

/** Finds the queue of a message by its id. @throws {CliError} if no queue has it */
export async function queueOf(run: Run, id: string): Promise<string> {
  if (!isMessageId(id)) {
    throw usageError(
      `"${id}" is no id of a message`,
      "ids look like 01a21eee-752a-7000-8000-000c64f1d2b3; `dlq ls` has them",
    );
  }
  const { queues } = await queuesOf(run, [id], undefined);
  const [queue] = queues.keys();
  if (queue === undefined) throw missing(id);
  return queue;
}

/** Ids by their queues. */
interface FoundIds {
  readonly queues: ReadonlyMap<string, readonly string[]>;
  /** Ids that no queue has. */
  readonly missing: readonly string[];
}

/** Ids of one filter, which may have 1 KiB. */
const IDS_A_FILTER = 16;

/**
 * Finds the queues of messages. With a queue, nothing is searched.
 *
 * @throws {CliError} if Ctrl-C ended the search
 */
export async function queuesOf(
  run: Run,
  ids: readonly string[],
  queue: string | undefined,
): Promise<FoundIds> {
  if (queue !== undefined) return { queues: new Map([[queue, ids]]), missing: [] };
  const queues = new Map<string, string[]>();
  const missing: string[] = [];
  for (let at = 0; at < ids.length; at += IDS_A_FILTER) {
    const part = ids.slice(at, at + IDS_A_FILTER).map((id) => id.toLowerCase());
    const { answer, endedBy } = await listMessages(run, {
      queue: "",
      filter: part.map((id) => `message.id == ${literal(id)}`).join(" || "),
      newestFirst: true,
      view: MessageView.BASIC,
      limit: part.length,
      maxExamined: Number.MAX_SAFE_INTEGER,
    });
    if (endedBy === "interrupt") throw new CliError(EXIT.interrupted, "interrupted");
    const found = new Map(answer.messages.map(({ message }) => [message?.id, message?.queue]));
    for (const id of part) {
      const name = found.get(id);
      if (name === undefined) missing.push(id);
      else queues.set(name, [...(queues.get(name) ?? []), id]);
    }
  }
  return { queues, missing };
}

function missing(id: string): CliError {
  return new CliError(
    EXIT.notFound,
    `no queue has the message ${id}: it succeeded, was discarded or expired, or never existed`,
    "`dlq ls` lists stored messages",
  );
}
