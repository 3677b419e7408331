import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { ConfigError } from "./config-error.ts";
import type { Source } from "./source.ts";

/** A YAML document with line numbers. All scalars are text. */
export type YamlTree =
  /** `text` is undefined for an absent value, `~` and `null`. */
  | { readonly kind: "scalar"; readonly text: string | undefined; readonly line: number }
  | { readonly kind: "list"; readonly items: readonly YamlTree[]; readonly line: number }
  | { readonly kind: "mapping"; readonly entries: readonly YamlEntry[]; readonly line: number };

export interface YamlEntry {
  readonly key: string;
  readonly line: number;
  readonly value: YamlTree;
}

const NULLS = new Set(["", "~", "null"]);

/**
 * Parses with YAML's failsafe schema, in which every scalar is text, so that a value means the same
 * as in a flag (also `007`, `1e3`, `off`).
 */
export function parseYaml(
  text: string,
  path: string,
): { tree: YamlTree | undefined; errors: readonly ConfigError[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: "failsafe",
    stringKeys: true,
    prettyErrors: false,
    lineCounter: lines,
  });
  const lineAt = (offset: number | undefined): number => lines.linePos(offset ?? 0).line;
  const at = (line: number): Source => ({ kind: "file", path, line });
  const errors: ConfigError[] = document.errors.map((e) => ({
    setting: "config",
    source: at(lineAt(e.pos[0])),
    problem: `not valid YAML: ${e.message}`,
  }));
  if (errors.length > 0) return { tree: undefined, errors };

  /** Nodes that contain the current one: an alias to one of them would never end. */
  const open = new Set<unknown>();

  function convert(node: unknown, fallbackLine: number): YamlTree {
    if (isAlias(node)) {
      const target: Node | undefined = node.resolve(document);
      if (target !== undefined && !open.has(target)) return convert(target, fallbackLine);
      errors.push({
        setting: "config",
        source: at(lineAt(node.range?.[0])),
        problem: `the alias *${node.source} contains itself`,
      });
      return { kind: "scalar", text: undefined, line: fallbackLine };
    }
    const range = isScalar(node) || isSeq(node) || isMap(node) ? node.range : undefined;
    const line = range ? lineAt(range[0]) : fallbackLine;
    open.add(node);
    try {
      if (isSeq(node)) {
        return { kind: "list", line, items: node.items.map((item) => convert(item, line)) };
      }
      if (isMap(node)) {
        const entries = node.items.map((pair) => {
          const key = isScalar(pair.key) ? pair.key : undefined;
          const keyLine = key?.range ? lineAt(key.range[0]) : line;
          return {
            key: String(key?.value ?? ""),
            line: keyLine,
            value: convert(pair.value, keyLine),
          };
        });
        return { kind: "mapping", line, entries };
      }
      if (!isScalar(node)) return { kind: "scalar", text: undefined, line };
      const text = typeof node.value === "string" ? node.value : (node.source ?? "");
      const nothing = (node.type === "PLAIN" || node.type === undefined) && NULLS.has(text);
      return { kind: "scalar", text: nothing ? undefined : text, line };
    } finally {
      open.delete(node);
    }
  }

  return { tree: convert(document.contents, 1), errors };
}
