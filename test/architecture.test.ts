// The allowed dependencies between the layers of src, checked by import lines. docs/internals/
// architecture.md has a picture.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");

/** A layer's name is its folder below src; `gen` is the generated code, `proto` its runtime. */
interface Layer {
  /** Layers that it may import. */
  readonly uses: readonly string[];
  /** Layers of which it may import only types. */
  readonly types?: readonly string[];
  /** Packages and modules of Node. A trailing `*` matches anything. */
  readonly packages?: readonly string[];
}

const PROTOBUF = "@bufbuild/protobuf*";

const LAYERS: Readonly<Record<string, Layer>> = {
  core: { uses: [] },
  // As pure as core, except for the expression language.
  rules: { uses: ["core"], packages: ["@bufbuild/cel", "@bufbuild/re2"] },
  "store/contract": { uses: [], types: ["core"] },
  "store/redis": {
    uses: ["core", "store/contract"],
    packages: [
      "ioredis",
      "lz4-napi",
      "opossum",
      "node:crypto",
      "node:fs",
      "node:timers*",
      "node:zlib",
    ],
  },
  "store/embedded": { uses: ["core", "store/contract"], packages: ["node:*"] },
  // The only place outside rpc that reads or writes protobuf: what is stored.
  codec: { uses: ["core", "gen"], packages: [PROTOBUF] },
  // Plain values only: no generated code.
  app: { uses: ["core", "rules", "store/contract", "codec"], packages: ["node:crypto"] },
  loops: { uses: ["core", "store/contract", "app"], packages: ["node:crypto", "node:timers*"] },
  rpc: {
    uses: ["core", "rules", "app", "codec", "config", "gen"],
    types: ["observe"],
    packages: [PROTOBUF, "@connectrpc/*", "node:*"],
  },
  observe: { uses: ["core"], types: ["app"], packages: ["pino", "prom-client", "node:util"] },
  config: { uses: ["core"], packages: ["yaml", "node:crypto", "node:fs*"] },
  nats: {
    uses: ["core", "codec", "config"],
    types: ["app"],
    packages: ["@nats-io/jetstream", "@nats-io/transport-node*", "node:timers*"],
  },
  cli: { uses: ["core", "config", "codec"], types: ["store/contract"], packages: ["node:*"] },
  serve: {
    uses: ["core", "app", "loops", "rpc", "observe", "config", "nats"].concat(
      ["contract", "redis", "embedded"].map((part) => `store/${part}`),
    ),
    types: ["cli"],
    packages: ["pino", "ioredis", "node:*"],
  },
  main: { uses: ["cli", "serve"] },
};

/** Longer files hold more than one idea. */
const MAX_LINES = 320;

interface Import {
  /** A file below the root, or the name of a package. */
  readonly target: string;
  readonly isPackage: boolean;
  readonly typeOnly: boolean;
}

const IMPORT =
  /^(?:import|export)\s+(?<type>type\s+)?(?:[\w*{][^"';]*?\sfrom\s+)?"(?<target>[^"]+)"|\bimport\(\s*"(?<dynamic>[^"]+)"/gm;

function importsOf(file: string): Import[] {
  return [...codeOf(file).matchAll(IMPORT)].map(({ groups = {} }) => {
    const target = groups.target ?? groups.dynamic ?? "";
    const isPackage = !target.startsWith(".");
    return {
      target: isPackage ? target : join(dirname(file), target),
      isPackage,
      typeOnly: groups.type !== undefined,
    };
  });
}

/** The code without comments. No string under src contains the start of a comment. */
function codeOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
}

function layerOf(file: string): string {
  const [top, first = "", second = ""] = file.split("/");
  if (top !== "src") return top ?? "";
  if (first !== "store") return first.replace(/\.ts$/, "");
  return `store/${second.replace(/\.ts$/, "")}`;
}

/** Returns why an import is wrong; undefined if it is allowed. */
function violation(file: string, found: Import): string | undefined {
  const name = layerOf(file);
  const layer = LAYERS[name];
  if (layer === undefined) return `${file}: src has no layer ${name}`;
  const { target, isPackage, typeOnly } = found;
  if (isPackage) {
    const allowed = (layer.packages ?? []).some((pattern) => matches(pattern, target));
    return allowed ? undefined : `${file}: ${name} may not import ${target}`;
  }
  const other = layerOf(target);
  if (other === name || layer.uses.includes(other)) return undefined;
  if (typeOnly && layer.types?.includes(other)) return undefined;
  return `${file}: ${name} may not import ${typeOnly ? "types" : "values"} of ${target}`;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

const FILES = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join("src", name));

/**
 * Returns the first cycle of value imports as a path of files. Type imports are erased and ignored.
 */
function findCycle(): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file) || !FILES.includes(file)) return undefined;
    path.push(file);
    for (const { target, isPackage, typeOnly } of importsOf(file)) {
      const cycle = isPackage || typeOnly ? undefined : visit(target);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of FILES) {
    const cycle = visit(file);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

describe("the source tree", () => {
  test("every layer imports only allowed layers and packages", () => {
    const wrong = FILES.flatMap((file) =>
      importsOf(file).map((found) => violation(file, found) ?? []),
    ).flat();
    expect(wrong).toEqual([]);
  });

  test("every import of a file is found", () => {
    const blind = FILES.filter((file) => {
      const keywords = codeOf(file).match(/\bfrom\s+["']|^import\s+["']|\bimport\(/gm) ?? [];
      return keywords.length !== importsOf(file).length;
    });
    expect(blind).toEqual([]);
    expect(FILES.length).toBeGreaterThan(50);
  });

  test("every layer of the table exists", () => {
    const found = new Set(FILES.map(layerOf));
    expect(Object.keys(LAYERS).filter((name) => !found.has(name))).toEqual([]);
  });

  test("there is no import cycle", () => {
    expect(findCycle()).toBeUndefined();
  });

  test("no file has more than 320 lines", () => {
    const lengths = FILES.map((file) => ({
      file: relative("src", file),
      lines: readFileSync(join(ROOT, file), "utf8").split("\n").length - 1,
    }));
    expect(lengths.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
  });

  test("nothing is typed any", () => {
    const wrong = FILES.filter((file) => /(?:[:<|&,=]|\bas)\s*any\b/.test(codeOf(file)));
    expect(wrong).toEqual([]);
  });
});
