import { attributesOfFailures, decodeEdits, decodeMessage } from "../../codec/message.ts";
import { RedactedMessage, type RedactionSource } from "../../core/redaction/redacted-message.ts";
import type { Redaction } from "../../core/redaction/redaction.ts";
import type { TransformTarget } from "../../core/transform/transform.ts";
import { nextTurn } from "../timers.ts";

/** The stored content of a message, its edits and its failures, encoded. */
export interface EncodedContent {
  envelope: Uint8Array;
  edits?: Uint8Array | undefined;
  laterFailures?: readonly { readonly failure: Uint8Array }[];
}

/** Returns what a queue hides; undefined if it hides nothing. */
export type RedactionOf = (queue: string) => Redaction | undefined;

/** Messages with more bytes wait for a turn. */
const LARGE_BYTES = 32_768;

/** What an answer may show of one message. Costs nothing until it is asked, and nothing if its queue hides nothing. */
export class ContentView {
  /** What the queue hides. Undefined: everything is shown. */
  readonly redaction: Redaction | undefined;
  readonly #content: EncodedContent;
  #redacted: RedactedMessage | undefined;

  constructor(redaction: Redaction | undefined, content: EncodedContent) {
    this.redaction = redaction;
    this.#content = content;
  }

  /** Reads the message in steps, with other work in between. Large ones block it otherwise. Rejects on damaged bytes. */
  async prepare(): Promise<void> {
    if (this.redaction === undefined || this.#redacted !== undefined) return;
    const { envelope, edits } = this.#content;
    if (envelope.length + (edits?.length ?? 0) > LARGE_BYTES) await nextTurn();
    this.#redacted = await RedactedMessage.paced(this.redaction, sourceOf(this.#content), nextTurn);
  }

  /** Undefined: everything is shown. Throws on damaged bytes. */
  get redacted(): RedactedMessage | undefined {
    if (this.redaction === undefined) return undefined;
    this.#redacted ??= new RedactedMessage(this.redaction, sourceOf(this.#content));
    return this.#redacted;
  }

  /** Whether something was asked and hidden. */
  get hasHidden(): boolean {
    return this.#redacted !== undefined && this.#redacted.hidden.length > 0;
  }
}

function sourceOf({ envelope, edits, laterFailures = [] }: EncodedContent): RedactionSource {
  const sent = decodeMessage(envelope, undefined);
  const record = decodeEdits(edits);
  const later = laterFailures.map(({ failure }) => failure);
  return {
    lacksPatches: record !== undefined && record.diffs.length < record.applied.length,
    payloads: [sent.payload.body, record?.payload?.body],
    attributes: [
      ...[sent.attributes, record?.attributes ?? {}],
      ...attributesOfFailures(envelope, later),
    ],
    patches: (record?.diffs ?? []).flatMap(({ target, patch, inverse }) =>
      target === undefined ? [] : patchesOf(target, patch, inverse),
    ),
  };
}

function patchesOf(target: TransformTarget, ...patches: string[]) {
  return patches.map((patch) => ({ target, patch }));
}
