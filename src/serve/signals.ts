/** A terminal's Ctrl-C may arrive twice, by itself and through a wrapper: not a second wish. */
const SAME_WISH_MS = 1_000;

/**
 * Resolves with the name of the first SIGINT or SIGTERM. Another one, a second or more later, ends
 * the process at once: nothing acknowledged is lost by that, leases expire.
 */
export function shutdownSignal(): Promise<string> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const heard = (signal: NodeJS.Signals) => {
      const now = performance.now();
      if (firstAt === undefined) {
        firstAt = now;
        resolve(signal);
      } else if (now - firstAt > SAME_WISH_MS) {
        process.exit(1);
      }
    };
    process.on("SIGINT", heard);
    process.on("SIGTERM", heard);
  });
}
