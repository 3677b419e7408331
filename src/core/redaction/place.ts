import { ANY, entryOf, isIndex, type PathNode, type PathNodes } from "./path-tree.ts";
import type { RedactionBudget } from "./redaction-budget.ts";

/**
 * A place in a JSON document, with all nodes of a tree that lead there. Finds each of the places below once, however many
 * members and elements a document has.
 */
export class Place {
  /** The entry that hides the value here. */
  readonly entry: string | undefined;
  readonly #nodes: PathNodes;
  readonly #budget: RedactionBudget;
  /** The nodes of each name that an entry has. */
  #named: Map<string, PathNode[]> | undefined;
  readonly #found = new Map<string, Place>();
  #other: Place | undefined;
  #hasIndexes = false;

  constructor(nodes: PathNodes, budget: RedactionBudget) {
    this.entry = entryOf(nodes);
    this.#nodes = nodes;
    this.#budget = budget;
  }

  /** Whether no value here or below is hidden. */
  get isPlain(): boolean {
    return this.#nodes.length === 0;
  }

  /** Whether an entry names a member or an element; otherwise all are alike. */
  get hasNames(): boolean {
    return this.#names.size > 0;
  }

  /** Whether an entry names an element by its index. */
  get hasIndexes(): boolean {
    return this.hasNames && this.#hasIndexes;
  }

  /** The place of a member, or of an element by its index. */
  child(name: string): Place {
    const [first] = this.#nodes;
    const key = first === undefined ? name : first.keyOf(name);
    const nodes = this.#names.get(key);
    if (nodes === undefined) return this.other;
    let place = this.#found.get(key);
    if (place === undefined) {
      place = new Place([...nodes, ...this.#nodesOfAny()], this.#budget);
      this.#found.set(key, place);
    }
    return place;
  }

  /** The place of a member or an element that no entry names. */
  get other(): Place {
    this.#other ??= new Place(this.#nodesOfAny(), this.#budget);
    return this.#other;
  }

  get #names(): Map<string, PathNode[]> {
    if (this.#named !== undefined) return this.#named;
    const named = new Map<string, PathNode[]>();
    for (const node of this.#nodes) {
      for (const [key, child] of node.children) {
        this.#budget.takeNode();
        if (key === ANY) continue;
        const same = named.get(key);
        if (same === undefined) named.set(key, [child]);
        else same.push(child);
        this.#hasIndexes ||= isIndex(key);
      }
    }
    this.#named = named;
    return named;
  }

  #nodesOfAny(): PathNode[] {
    return this.#nodes.flatMap((node) => node.children.get(ANY) ?? []);
  }
}
