/** Ctrl-C in a terminal may arrive twice, directly and through a wrapper. */
const DUPLICATE_MS = 1_000;

/**
 * Resolves with the name of the first SIGINT or SIGTERM. Another one, at least a second later, ends
 * the process at once. No acknowledged data is lost by that; leases expire.
 */
export function shutdownSignal(): Promise<string> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      const now = performance.now();
      if (firstAt === undefined) {
        firstAt = now;
        resolve(signal);
      } else if (now - firstAt > DUPLICATE_MS) {
        process.exit(1);
      }
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
    // The terminal was closed.
    if (process.stdin.isTTY) process.on("SIGHUP", onSignal);
  });
}

/** Calls `listener` at SIGHUP, unless the process runs in a terminal. */
export function onHangup(listener: () => void): void {
  if (!process.stdin.isTTY) process.on("SIGHUP", listener);
}
