import { parseArgs } from "node:util";

/** Reads `--name value` words. @throws Error naming one that is missing or unknown */
export function readArguments<N extends string>(names: readonly N[]): Record<N, string> {
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ options });
  const missing = names.filter((name) => values[name] === undefined);
  if (missing.length > 0) throw new Error(`missing: ${missing.map((name) => `--${name}`)}`);
  return values as Record<N, string>;
}

/** Resolves when the process is asked to end (SIGTERM). */
export function untilAsked(): Promise<void> {
  return new Promise((resolve) => void process.once("SIGTERM", resolve));
}
