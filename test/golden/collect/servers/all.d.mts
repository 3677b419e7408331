export const PEER_NAMES: readonly string[];

/** Starts peers, by their names, default all; `env` has their ports as GOLDEN_HTTP and so on. */
export function startPeers(
  names?: readonly string[],
): Promise<{ readonly env: Readonly<Record<string, string>>; stop(): void }>;
