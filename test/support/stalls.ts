const EVERY_MS = 20;

/**
 * Measures how long this process does not get to run: by how much timers are late. On a machine without a free core, that
 * is about how long everything else waits, too.
 */
export function measureStalls(): () => number {
  let stalledMs = 0;
  let expectedAtMs = performance.now() + EVERY_MS;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    stalledMs += Math.max(0, nowMs - expectedAtMs);
    expectedAtMs = nowMs + EVERY_MS;
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    return stalledMs + Math.max(0, performance.now() - expectedAtMs);
  };
}
