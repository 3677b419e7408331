import type { Config, Origins } from "../../src/config/config.ts";
import { formatConfigError } from "../../src/config/config-error.ts";
import { type LoadResult, loadConfig } from "../../src/config/load.ts";

export interface Given {
  argv?: readonly string[];
  env?: Record<string, string>;
  /** Content of dlq.yaml, which is then passed with --config. */
  yaml?: string;
  files?: Record<string, string>;
  /** Those that every user can read. */
  publicFiles?: readonly string[];
}

/** Reads from memory, with the errors of the real function. */
export function readFrom(files: Record<string, string>): (path: string) => string {
  return (path) => {
    const content = Object.hasOwn(files, path) ? files[path] : undefined;
    if (content === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
    return content;
  };
}

export function load(given: Given): LoadResult {
  const files = { ...given.files, ...(given.yaml === undefined ? {} : { "dlq.yaml": given.yaml }) };
  return loadConfig({
    argv: [...(given.yaml === undefined ? [] : ["--config", "dlq.yaml"]), ...(given.argv ?? [])],
    env: given.env ?? {},
    readFile: readFrom(files),
    readLiveFile: readFrom(files),
    isPublic: (path) => given.publicFiles?.includes(path) === true,
    hostname: "host",
    pid: 42,
  });
}

export function loadOk(given: Given): Config & { origins: Origins } {
  const result = load(given);
  if ("errors" in result) throw new Error(result.errors.map(formatConfigError).join("\n"));
  return { ...result.ok, origins: result.origins };
}

/** The formatted errors. */
export function loadErrors(given: Given): string[] {
  const result = load(given);
  return "errors" in result ? result.errors.map(formatConfigError) : [];
}
