// The oldest Node that runs the server. Plain JavaScript: older versions read it, too.

/** Older ones have crashes and leaks in HTTP/2, or do not run TypeScript. */
const OLDEST = [24, 14, 1];

export const OLDEST_NODE = OLDEST.join(".");

/** @param {string} version such as "24.14.1" */
export function isRecentNode(version) {
  const parts = version.split(".").map(Number);
  const differs = OLDEST.findIndex((part, i) => part !== parts[i]);
  return differs < 0 || (parts[differs] ?? 0) > (OLDEST[differs] ?? 0);
}
