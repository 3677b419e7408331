import type { JsonPointer } from "../transform/operation.ts";

/** A place in a JSON document that leads to values which are hidden. */
export class PathNode {
  /** The entry of the setting that ends here: the whole value is hidden. */
  entry: string | undefined;
  readonly #children = new Map<string, PathNode>();
  readonly #isCaseless: boolean;

  constructor(isCaseless: boolean) {
    this.#isCaseless = isCaseless;
  }

  /** By token. */
  get children(): ReadonlyMap<string, PathNode> {
    return this.#children;
  }

  get isEmpty(): boolean {
    return this.entry === undefined && this.#children.size === 0;
  }

  /** The entry that ends here or at the first place below. */
  get firstEntry(): string | undefined {
    if (this.entry !== undefined) return this.entry;
    for (const child of this.#children.values()) {
      const found = child.firstEntry;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether an entry below names an element by its index. */
  get hasIndexBelow(): boolean {
    for (const [key, child] of this.#children) {
      if (INDEX.test(key) || child.hasIndexBelow) return true;
    }
    return false;
  }

  add(path: JsonPointer, entry: string): void {
    let node: PathNode = this;
    for (const token of path) {
      const key = this.keyOf(token);
      let child = node.#children.get(key);
      if (child === undefined) {
        child = new PathNode(this.#isCaseless);
        node.#children.set(key, child);
      }
      node = child;
    }
    node.entry ??= entry;
  }

  /** Adds the nodes of a member or an element. */
  addChildren(token: string, into: PathNode[]): void {
    const found = this.#children.get(this.keyOf(token));
    if (found !== undefined) into.push(found);
    const any = token === ANY ? undefined : this.#children.get(ANY);
    if (any !== undefined) into.push(any);
  }

  /** As `addChildren` for a path of a patch, where other operations shift elements: an index stands for any index. */
  addShiftedChildren(token: string, into: PathNode[]): void {
    if (!INDEX.test(token)) {
      this.addChildren(token, into);
      return;
    }
    for (const [key, child] of this.#children) {
      if (key === ANY || INDEX.test(key)) into.push(child);
    }
  }

  /** The key of a token in `children`. */
  keyOf(token: string): string {
    return this.#isCaseless ? token.toLowerCase() : token;
  }
}

/** The token that stands for any member or element. */
export const ANY = "*";
/** Of an array; `-` is behind its last element. */
const INDEX = /^(?:-|\d+)$/;

/** The nodes of a place; several, since a name and `*` may both lead there. */
export type PathNodes = readonly PathNode[];

export function childrenOf(nodes: PathNodes, token: string): PathNodes {
  const children: PathNode[] = [];
  for (const node of nodes) node.addChildren(token, children);
  return children;
}

/** Where a path of a patch leads. */
export interface PatchPlace {
  /** The entry that hides the place or one above it. */
  readonly entry: string | undefined;
  readonly nodes: PathNodes;
}

export function placeInPatch(root: PathNode, path: JsonPointer): PatchPlace {
  let nodes: PathNodes = [root];
  for (const token of path) {
    const entry = entryOf(nodes);
    if (entry !== undefined) return { entry, nodes: [] };
    const children: PathNode[] = [];
    for (const node of nodes) node.addShiftedChildren(token, children);
    nodes = children;
  }
  return { entry: entryOf(nodes), nodes };
}

export function entryOf(nodes: PathNodes): string | undefined {
  for (const { entry } of nodes) if (entry !== undefined) return entry;
  return undefined;
}

/** Whether a token of a patch may name an element. */
export const isIndex = (token: string | undefined): boolean =>
  token !== undefined && INDEX.test(token);

/** The path with `*` for each index, since later operations may shift the elements. */
export function withoutIndexes(path: JsonPointer): JsonPointer {
  return path.map((token) => (INDEX.test(token) ? ANY : token));
}
