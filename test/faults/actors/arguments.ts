import { parseArgs } from "node:util";

/** Reads `--name value` arguments. @throws Error with the names that are missing, or an unknown one */
export function readArguments<N extends string>(names: readonly N[]): Record<N, string> {
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ options });
  const missing = names.filter((name) => values[name] === undefined);
  if (missing.length > 0) throw new Error(`missing: ${missing.map((name) => `--${name}`)}`);
  return values as Record<N, string>;
}

/** Resolves on SIGTERM. */
export function untilAsked(): Promise<void> {
  return new Promise((resolve) => void process.once("SIGTERM", resolve));
}
