import { isMap, type Json, type JsonMap } from "../json.ts";

/** What a step says, where it must be a map; nothing at all is an empty one. */
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
