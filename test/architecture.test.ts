// The direction of dependencies under src: what each layer may import, checked from the import
// lines themselves. CONTRIBUTING.md has the picture; this is the rule.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");

/** A layer's name is its folder below src; `gen` is the generated code, `proto` its runtime. */
interface Layer {
  /** Layers that it may use. */
  readonly uses: readonly string[];
  /** Layers of which it may import types only. */
  readonly types?: readonly string[];
  /** Packages and modules of Node; a trailing `*` stands for anything. */
  readonly packages?: readonly string[];
}

const PROTOBUF = "@bufbuild/protobuf*";

const LAYERS: Readonly<Record<string, Layer>> = {
  core: { uses: [] },
  // As pure as core, but for a language that nobody should write anew.
  rules: { uses: ["core"], packages: ["@bufbuild/cel", "@bufbuild/re2"] },
  "store/contract": { uses: [], types: ["core"] },
  "store/redis": {
    uses: ["core", "store/contract"],
    packages: ["ioredis", "opossum", "node:crypto", "node:fs", "node:zlib"],
  },
  "store/embedded": { uses: ["core", "store/contract"], packages: ["node:*"] },
  // The only place outside rpc that reads or writes protobuf: what is stored.
  codec: { uses: ["core", "gen"], packages: [PROTOBUF] },
  // Plain values only: no generated code.
  app: { uses: ["core", "rules", "store/contract", "codec"], packages: ["node:crypto"] },
  loops: { uses: ["core", "store/contract", "app"], packages: ["node:crypto"] },
  rpc: {
    uses: ["core", "rules", "app", "codec", "config", "gen"],
    types: ["observe"],
    packages: [PROTOBUF, "@connectrpc/*", "node:*"],
  },
  observe: { uses: ["core"], types: ["app"], packages: ["pino", "prom-client", "node:util"] },
  config: { uses: ["core"], packages: ["yaml"] },
  cli: { uses: ["core", "config"], packages: ["node:*"] },
  serve: {
    uses: ["core", "app", "loops", "rpc", "observe", "config"].concat(
      ["contract", "redis", "embedded"].map((part) => `store/${part}`),
    ),
    packages: ["pino", "node:*"],
  },
  main: { uses: ["cli", "serve"] },
};

/** Longer files hold more than one noun. */
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

/** Without comments. Good enough for this tree: no string under src holds a comment's beginning. */
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

/** Why an import is wrong; undefined when it is fine. */
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

/** The first circle of value imports, as a path of files; types are erased and can't be one. */
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
  test("every layer imports only what it may", () => {
    const wrong = FILES.flatMap((file) =>
      importsOf(file).map((found) => violation(file, found) ?? []),
    ).flat();
    expect(wrong).toEqual([]);
  });

  test("every import of a file is seen: the rules above are not blind", () => {
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

  test("no file imports itself through others", () => {
    expect(findCycle()).toBeUndefined();
  });

  test("no file grows beyond one noun", () => {
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
