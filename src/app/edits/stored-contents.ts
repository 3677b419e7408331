import { internal } from "../../core/errors.ts";
import type { RetryOutcome } from "../../core/message.ts";
import type { Messages, StoredContent } from "../../store/contract.ts";

/** A retry under this request has been answered before. */
export class AnsweredBefore {
  readonly outcome: RetryOutcome;

  constructor(outcome: RetryOutcome) {
    this.outcome = outcome;
  }
}

/** Reads messages page by page: never more of them in memory than one reply holds. */
export async function* storedContents(
  messages: Pick<Messages, "contents">,
  queue: string,
  request: Uint8Array,
  ids: readonly Uint8Array[],
): AsyncGenerator<{ id: Uint8Array; stored: StoredContent | undefined } | AnsweredBefore> {
  for (let at = 0; at < ids.length; ) {
    const page = await messages.contents(queue, request, ids.slice(at));
    if ("retriedCount" in page) {
      yield new AnsweredBefore(page);
      return;
    }
    if (page.length === 0) throw internal(new Error("the store reads no contents"));
    for (const stored of page) yield { id: ids[at++] as Uint8Array, stored };
  }
}
