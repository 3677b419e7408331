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
  /** Undefined: events are not published. */
  nats: NatsInfo | undefined;
}

/** NATS, as a server sees it. */
export interface NatsInfo {
  /** `host:port` of each. */
  readonly servers: readonly string[];
  /** Undefined: core NATS. */
  readonly stream: string | undefined;
  /** Why events are not published now. Undefined: they are, or there were none. */
  readonly error: string | undefined;
  /** What the stream can lose or has lost, each with what to do. */
  readonly warnings: readonly string[];
  /** State changes of this server's partitions whose events wait. */
  readonly backlog: {
    readonly bytes: number;
    /** When the oldest happened. Undefined: none waits. */
    readonly sinceMs: number | undefined;
    /** What may wait of all servers together. */
    readonly limitBytes: number;
  };
  /** State changes that this server found to be removed before they were published. */
  readonly missed: {
    readonly changes: number;
    /** When it found the last ones. */
    readonly lastAtMs: number | undefined;
  };
}

interface ServerInfoParts {
  store: Pick<Store, "describe">;
  version: string;
  embedded: boolean;
  nats(): NatsInfo | undefined;
  /** The wall clock. */
  now(): number;
}

/** Returns what reads the description of this server, which starts now. */
export function createServerInfo({ store, now, nats, ...server }: ServerInfoParts) {
  const startedAtMs = now();
  return async (): Promise<ServerInfo> => {
    const description = await store.describe();
    return { ...server, startedAtMs, nowMs: now(), store: description, nats: nats() };
  };
}
