import type { HiddenFields } from "../action-fields.ts";
import { readRedactEntry } from "./entry.ts";
import { childrenOf, entryOf, PathNode, withoutIndexes } from "./path-tree.ts";

/** The paths that a queue hides, by document. */
export interface RedactionTrees {
  readonly payload: PathNode;
  /** Of the object of all attributes; names in any case. */
  readonly attributes: PathNode;
}

/** What a queue hides: the setting `redact`, ready to be applied to messages. */
export class Redaction {
  /** The shared trees; they must not be changed. */
  readonly trees: RedactionTrees;
  readonly #entries: readonly string[];

  constructor(entries: readonly string[]) {
    this.#entries = entries;
    this.trees = this.ownTrees();
  }

  /** Whether a payload must be looked at. */
  get hidesPayload(): boolean {
    return !this.trees.payload.isEmpty;
  }

  hidesAttribute(name: string): boolean {
    return entryOf(childrenOf([this.trees.attributes], name)) !== undefined;
  }

  /** The fields that events must not have: also those of which only a part is hidden. */
  get hiddenFields(): HiddenFields {
    return {
      attribute: (name) => this.hidesAttribute(name),
      payload: (name) =>
        childrenOf([this.trees.payload], name).length > 0 || this.trees.payload.entry !== undefined,
    };
  }

  /** Trees that a caller may add to. `atAnyIndex`: an index in a path of a payload stands for any. */
  ownTrees(atAnyIndex = false): RedactionTrees {
    const trees = { payload: new PathNode(false), attributes: new PathNode(true) };
    for (const text of this.#entries) {
      const entry = readRedactEntry(text);
      // The setting has only valid entries.
      if ("problem" in entry) continue;
      const { of, path } = entry;
      trees[of].add(atAnyIndex && of === "payload" ? withoutIndexes(path) : path, text);
    }
    return trees;
  }
}

/**
 * Whether failures of a queue may quote what it hides, so that no text of them is shown unchecked. Any entry counts: a failure
 * may quote attributes as well as payloads.
 */
export function hidesFailures({ redact }: { readonly redact: readonly string[] }): boolean {
  return redact.length > 0;
}

const known = new WeakMap<readonly string[], Redaction>();

/** Undefined if nothing is hidden. The same object for the same setting. */
export function redactionOf(entries: readonly string[]): Redaction | undefined {
  if (entries.length === 0) return undefined;
  let redaction = known.get(entries);
  if (redaction === undefined) {
    redaction = new Redaction(entries);
    known.set(entries, redaction);
  }
  return redaction;
}
