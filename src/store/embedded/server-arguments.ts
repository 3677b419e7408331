// The arguments of the embedded redis-server. It reads no configuration file: the same store runs on every machine.

export interface ServerSettings {
  readonly dataDir: string;
  readonly socketPath: string;
  readonly maxMemoryBytes: number;
}

/**
 * Settings that are also applied to a server that was taken over, since an earlier version of the service may have started
 * it with others. `CONFIG SET` must be able to change each.
 */
export function liveSettings(settings: ServerSettings): Readonly<Record<string, string>> {
  return {
    // Nothing is answered before it is on disk. Commands that arrive together share one fsync.
    appendfsync: "always",
    "no-appendfsync-on-rewrite": "no",
    "aof-use-rdb-preamble": "yes",
    // A torn last record is what a power cut leaves of a command that was never answered.
    "aof-load-truncated": "yes",
    "auto-aof-rewrite-percentage": "0", // this service asks for rewrites, if they fit on the disk
    save: "", // the append-only file is the one copy; snapshots would only fork and write more
    maxmemory: String(settings.maxMemoryBytes),
    "maxmemory-policy": "noeviction", // a dead letter is refused, never dropped for another
    // Big values are freed by a background thread: no state change waits for them.
    "lazyfree-lazy-expire": "yes",
    "lazyfree-lazy-server-del": "yes",
    "lazyfree-lazy-user-del": "yes",
    timeout: "0", // our own idle connections stay
  };
}

export function serverArguments(settings: ServerSettings): string[] {
  const atStartOnly: Record<string, string> = {
    port: "0", // the socket only: no network, no password to manage
    unixsocket: settings.socketPath,
    unixsocketperm: "700",
    dir: settings.dataDir,
    daemonize: "no",
    appendonly: "yes",
  };
  return Object.entries({ ...atStartOnly, ...liveSettings(settings) }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);
}
