// How long parts and files took when they ran the last time: for the time that is left, and to start
// the longest files first.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RUNTIME } from "../setup/places.mjs";

export const TIMES = join(RUNTIME, "test-times.json");

/** @typedef {Readonly<Record<string, { tests: number, ms: number }>>} FileTimes */
/** @typedef {{ parts: Record<string, number>, files: FileTimes }} Times */

/** @returns {Times} */
export function readTimes() {
  try {
    return JSON.parse(readFileSync(TIMES, "utf8"));
  } catch {
    return { parts: {}, files: {} }; // nothing has run yet
  }
}

/** @param {FileTimes} files */
export function keepFileTimes(files) {
  const { parts, files: earlier } = readTimes();
  write({ parts, files: { ...earlier, ...files } });
}

/** @param {string} part @param {number} ms */
export function keepPartTime(part, ms) {
  const { parts, files } = readTimes();
  write({ parts: { ...parts, [part]: Math.round(ms) }, files });
}

/** @param {Times} times */
function write(times) {
  mkdirSync(RUNTIME, { recursive: true });
  writeFileSync(TIMES, JSON.stringify(times));
}

/** @param {number} ms */
export function duration(ms) {
  const seconds = Math.round(ms / 1_000);
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
