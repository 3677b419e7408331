import { internal } from "../../core/errors.ts";
import type { RetryOutcome } from "../../core/message.ts";
import type { Messages, StoredContent } from "../../store/contract.ts";

/** The result of an earlier retry with the same request id. */
export class EarlierAnswer {
  readonly outcome: RetryOutcome;

  constructor(outcome: RetryOutcome) {
    this.outcome = outcome;
  }
}

/** Reads messages page by page, so that memory holds only one reply. */
export async function* storedContents(
  messages: Pick<Messages, "contents">,
  queue: string,
  request: Uint8Array,
  ids: readonly Uint8Array[],
): AsyncGenerator<{ id: Uint8Array; stored: StoredContent | undefined } | EarlierAnswer> {
  for (let at = 0; at < ids.length; ) {
    const page = await messages.contents(queue, request, ids.slice(at));
    if ("retriedCount" in page) {
      yield new EarlierAnswer(page);
      return;
    }
    if (page.length === 0) throw internal(new Error("the store returned no message contents"));
    for (const stored of page) yield { id: ids[at++] as Uint8Array, stored };
  }
}
