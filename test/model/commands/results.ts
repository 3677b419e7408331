import { deepStrictEqual } from "node:assert";
import { DlqError } from "../../../src/core/errors.ts";
import type { Wire } from "../real/wire.ts";

/** Of a long list of differences. */
const SHOWN = 12;

export const hexOf = (id: Uint8Array): string => Buffer.from(id).toString("hex");
export const bytesOf = (id: string): Uint8Array => Uint8Array.from(Buffer.from(id, "hex"));

export function lines(found: readonly string[]): string {
  return found.slice(0, SHOWN).join("\n");
}

/** Fails when a reply is not what the model expects. */
export function same(what: string, seen: unknown, expected: unknown): void {
  try {
    deepStrictEqual(seen, expected);
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : error}`);
  }
}

export const LOST = Symbol("the result is unknown");

/** The result of a call; LOST: it is UNAVAILABLE because its request or reply was lost. */
export async function resultOf<T>(wire: Wire, call: () => Promise<T>): Promise<T | typeof LOST> {
  const { lostCalls } = wire;
  try {
    return await call();
  } catch (error) {
    const isUnknown = error instanceof DlqError && error.kind === "STORE_UNAVAILABLE";
    // Nothing is unavailable that was not cut off.
    if (isUnknown && wire.lostCalls > lostCalls) return LOST;
    throw error;
  }
}
