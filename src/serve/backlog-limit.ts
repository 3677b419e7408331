import type { Log } from "../app/observer.ts";

/** The store as far as it limits what waits. */
interface LimitingStore {
  /** `full`: why sends are refused now. */
  readonly messages: { readonly full: string | undefined };
  /** Infinite: Redis has no limit, or it is not known yet. */
  readonly capacity: { readonly maxMemoryBytes: number };
}

/** Of the memory of Redis, if that is limited: sends need the rest. */
const SHARE = 1 / 4;

/** How many bytes of state changes may wait for NATS, of all servers together. */
export class BacklogLimit {
  readonly #settingBytes: number;
  readonly #store: LimitingStore;
  readonly #log: Pick<Log, "info">;
  #isLogged = false;

  constructor(settingBytes: number, store: LimitingStore, log: Pick<Log, "info">) {
    this.#settingBytes = settingBytes;
    this.#store = store;
    this.#log = log;
  }

  /** The limit in force now. */
  get bytes(): number {
    const { messages, capacity } = this.#store;
    // What cannot be published must not make sends fail.
    if (messages.full !== undefined) return 0;
    return Math.min(this.#settingBytes, Math.floor(capacity.maxMemoryBytes * SHARE));
  }

  /** Logs the limit in force, once, if it is lower than the setting. */
  logIfLower(): void {
    const { bytes } = this;
    if (this.#isLogged || bytes >= this.#settingBytes) return;
    this.#isLogged = true;
    this.#log.info(
      { limitBytes: bytes, settingBytes: this.#settingBytes },
      "less than nats_backlog_max waits for NATS: at most a quarter of Redis' maxmemory, and only what outboxes keep anyway while sends are refused",
    );
  }
}
