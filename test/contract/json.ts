/** What a scenario says, and what goes to and comes from agents. */
export type Json = null | boolean | number | string | readonly Json[] | JsonMap;

/** An object of it. */
export interface JsonMap {
  readonly [name: string]: Json | undefined;
}

export function isMap(value: unknown): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Short enough for a line of a failure. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 400 ? `${text.slice(0, 400)}… (${text.length} characters)` : text;
}
