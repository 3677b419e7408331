import type { TransformTarget } from "../transform/transform.ts";
import { WHOLE_PAYLOAD } from "./entry.ts";
import { HiddenValues, REDACTED } from "./hidden-values.ts";
import { childrenOf, entryOf } from "./path-tree.ts";
import { type Findings, isDocument, redactValue } from "./redact-json.ts";
import { followMoves, mayShiftElements, redactPatch } from "./redact-patch.ts";
import type { Redaction, RedactionTrees } from "./redaction.ts";
import { withinBudget } from "./redaction-budget.ts";

type Attributes = Readonly<Record<string, string>>;

/** All of a message in which hidden values may be. */
export interface RedactionSource {
  /** As sent and as edited; undefined: none. */
  readonly payloads: readonly (string | Uint8Array | undefined)[];
  /** As sent and as edited, and those of all failures. */
  readonly attributes: readonly Attributes[];
  /** The JSON Patches of its edits and those that undo them, in order. Empty: not known. */
  readonly patches: readonly { readonly target: TransformTarget; readonly patch: string }[];
  /** Whether edits are missing in `patches`. */
  readonly lacksPatches?: boolean;
}

/** The texts of a failure, which may quote the message. */
export interface FailureTexts {
  message: string;
  stackTrace: string;
  attributes: Attributes;
  /** Whether something of it was cut off. */
  truncated: boolean;
}

/** The name, among what was hidden, of failures whose texts could not be checked. */
const FAILURES = "failures";
/** The same of notes of workers. */
const NOTES = "notes";

/** Characters of a text for which other work waits. */
const LARGE = 32_768;

/**
 * Hides the values of one message that its queue does not show. Each payload is read once, whatever is asked afterwards. A
 * payload that cannot be checked, because it is no JSON object or array, or has too many hidden values, is withheld, and so
 * are the texts of failures.
 */
export class RedactedMessage {
  readonly #trees: RedactionTrees;
  readonly #findings: Findings = { values: new HiddenValues(), entries: new Set() };
  readonly #hidesPayload: boolean;
  /** By the text before. */
  readonly #payloads = new Map<string, string>();
  readonly #patches = { PAYLOAD: new Map<string, string>(), ATTRIBUTES: new Map<string, string>() };

  /** Reads the whole message, unless `isPaced`. */
  constructor(redaction: Redaction, source: RedactionSource, isPaced = false) {
    this.#hidesPayload = redaction.hidesPayload;
    this.#trees = treesFor(redaction, source);
    if (!isPaced) finish(this.#read(source));
  }

  /** Reads a message in steps, with a turn for other work before each that takes long. */
  static async paced(
    redaction: Redaction,
    source: RedactionSource,
    giveTurn: () => Promise<void>,
  ): Promise<RedactedMessage> {
    const message = new RedactedMessage(redaction, source, true);
    for (const _ of message.#read(source)) await giveTurn();
    return message;
  }

  /** Finds all values first: a failure may quote what an edit has changed. Yields before and after long steps. */
  *#read({ payloads, attributes, patches }: RedactionSource): Generator<void> {
    for (const body of payloads) {
      if (!this.#hidesPayload || body === undefined || body.length === 0) continue;
      const text = textOf(body);
      if (text === undefined) this.#withheld();
      else yield* this.#readPayload(text);
    }
    for (const one of attributes) this.attributes(one);
    for (const { target, patch } of patches) {
      if (patch.length > LARGE) yield;
      this.patch(target, patch);
    }
  }

  /** What was hidden: entries of the setting; `payload` and `failures` if these were withheld. */
  get hidden(): string[] {
    return [...this.#findings.entries].toSorted();
  }

  /** Text stays text, and bytes stay bytes. */
  payload<Body extends string | Uint8Array | undefined>(body: Body): Body | string | Uint8Array {
    if (!this.#hidesPayload || body === undefined || body.length === 0) return body;
    const text = textOf(body);
    const shown = text === undefined ? this.#withheld() : this.#payloadText(text);
    return typeof body === "string" ? shown : new TextEncoder().encode(shown);
  }

  attributes(attributes: Attributes): Record<string, string> {
    const shown = Object.entries(attributes).map(([name, value]) => {
      const entry = this.#entryOfAttribute(name);
      if (entry === undefined) return [name, value];
      this.#findings.entries.add(entry);
      this.#findings.values.addText(value);
      return [name, REDACTED];
    });
    return Object.fromEntries(shown);
  }

  /** A JSON Patch of an edit. */
  patch(target: TransformTarget, patch: string): string {
    const known = this.#patches[target];
    let shown = known.get(patch);
    if (shown === undefined) {
      const tree = target === "PAYLOAD" ? this.#trees.payload : this.#trees.attributes;
      shown = redactPatch(patch, tree, this.#findings);
      known.set(patch, shown);
    }
    return shown;
  }

  /** A note of a worker. It is withheld, because it may quote the message in other words. */
  note(note: string): string {
    if (note === "") return note;
    this.#findings.entries.add(NOTES);
    return REDACTED;
  }

  failure({
    message,
    stackTrace,
    attributes,
    truncated,
  }: FailureTexts): Omit<FailureTexts, "truncated"> {
    const shown = Object.entries(this.attributes(attributes)).map(([name, value]) => {
      const isHidden = this.#entryOfAttribute(name) !== undefined;
      return [name, isHidden ? value : this.#textOfFailure(value, truncated)];
    });
    return {
      message: this.#textOfFailure(message, truncated),
      stackTrace: this.#textOfFailure(stackTrace, truncated),
      attributes: Object.fromEntries(shown),
    };
  }

  /** The sender's own fingerprint of a failure, which may be formed of the message. */
  fingerprint(own: string): string {
    return this.#textOfFailure(own, false);
  }

  #textOfFailure(text: string, wasCut: boolean): string {
    if (text === "") return text;
    const { values, entries } = this.#findings;
    const shown = values.hideIn(text, wasCut);
    if (shown !== undefined) return shown;
    entries.add(FAILURES);
    return REDACTED;
  }

  #payloadText(text: string): string {
    finish(this.#readPayload(text));
    return this.#payloads.get(text) ?? REDACTED;
  }

  *#readPayload(text: string): Generator<void> {
    if (this.#payloads.has(text)) return;
    const { payload } = this.#trees;
    const isLarge = text.length > LARGE;
    if (isLarge) yield;
    let shown: string | undefined;
    if (payload.entry === undefined && isDocument(text)) {
      if (isLarge) yield;
      shown = withinBudget((budget) => redactValue(text, [payload], this.#findings, budget));
    }
    this.#payloads.set(text, shown ?? this.#withheld());
    if (isLarge) yield;
  }

  #withheld(): string {
    this.#findings.values.giveUp();
    this.#findings.entries.add(WHOLE_PAYLOAD);
    return REDACTED;
  }

  #entryOfAttribute(name: string): string | undefined {
    return entryOf(childrenOf([this.#trees.attributes], name));
  }
}

function finish(steps: Iterable<void>): void {
  for (const _ of steps);
}

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined if it is bytes that are no UTF-8. */
function textOf(body: string | Uint8Array): string | undefined {
  if (typeof body === "string") return body;
  try {
    return STRICT_UTF8.decode(body);
  } catch {
    return undefined;
  }
}

/** The trees of the setting, and where edits have moved hidden values. */
function treesFor(
  redaction: Redaction,
  { patches, lacksPatches = false }: RedactionSource,
): RedactionTrees {
  const { payload } = redaction.trees;
  const atAnyIndex =
    payload.hasIndexBelow &&
    (lacksPatches ||
      patches.some(
        ({ target, patch }) => target === "PAYLOAD" && mayShiftElements(patch, payload),
      ));
  const moving = patches.filter(({ patch }) => patch.includes('"from"'));
  if (moving.length === 0 && !atAnyIndex) return redaction.trees;
  const trees = redaction.ownTrees(atAnyIndex);
  for (const { target, patch } of moving) {
    followMoves(patch, target === "PAYLOAD" ? trees.payload : trees.attributes);
  }
  return trees;
}
