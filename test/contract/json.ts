/** A value of a scenario, a command or an event. */
export type Json = null | boolean | number | string | readonly Json[] | JsonMap;

export interface JsonMap {
  readonly [name: string]: Json | undefined;
}

export function isMap(value: unknown): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** For a message of a failure: at most one line. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 400 ? `${text.slice(0, 400)}… (${text.length} characters)` : text;
}

/** A map that a step gives; empty if it gives nothing. @throws for another value */
export function mapOf(given: Json): JsonMap {
  if (given === null) return {};
  if (!isMap(given)) throw new Error("give a map");
  return given;
}

export function textOf(given: Json | undefined, fallback?: string): string {
  const text = given ?? fallback;
  if (typeof text !== "string") throw new Error(`give a text, not ${JSON.stringify(given)}`);
  return text;
}

export function numberOf(given: Json | undefined, fallback?: number): number {
  const value = given ?? fallback;
  if (typeof value !== "number") throw new Error(`give a number, not ${JSON.stringify(given)}`);
  return value;
}
