import type { Store, StoreDescription } from "../store/contract.ts";

/** What a server says about itself and its store. */
export interface ServerInfo {
  version: string;
  startedAtMs: number;
  /** Its own clock. */
  nowMs: number;
  store: StoreDescription;
  /** Whether the store is the embedded Redis of this server. */
  embedded: boolean;
}

interface ServerInfoParts {
  store: Pick<Store, "describe">;
  version: string;
  embedded: boolean;
  /** The wall clock. */
  now(): number;
}

/** Returns what reads the description of this server, which starts now. */
export function createServerInfo({ store, now, ...server }: ServerInfoParts) {
  const startedAtMs = now();
  return async (): Promise<ServerInfo> => {
    const description = await store.describe();
    return { ...server, startedAtMs, nowMs: now(), store: description };
  };
}
