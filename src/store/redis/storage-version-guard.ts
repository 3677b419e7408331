import { DlqError } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { globalKeys, queueListKeys } from "./keys.ts";
import {
  type Layout,
  LayoutWait,
  readAnnouncement,
  readStoredLayout,
  type StoredLayout,
  StoreRefused,
  writeStoredLayout,
} from "./storage-version.ts";
import { queuesBeforePartitions } from "./upgrades/keys-by-partition.ts";
import { Upgrader, type UpgraderParts } from "./upgrades/upgrader.ts";
import { writeWhenFull } from "./when-full.ts";

export interface LayoutGuardParts extends UpgraderParts {
  /** Writes a sign of life of this node. An upgrade waits until those of older servers stop. */
  writeSignOfLife(): Promise<void>;
}

/** Lets a server use data of its own layout only, and upgrades older data. */
export class LayoutGuard {
  readonly #parts: LayoutGuardParts;
  readonly #connection: Connection;
  readonly #layout: Layout;
  readonly #upgrader: Upgrader;

  constructor(parts: LayoutGuardParts) {
    this.#parts = parts;
    this.#connection = parts.connection;
    this.#layout = parts.layout;
    this.#upgrader = new Upgrader(parts);
  }

  /**
   * Before the first use: upgrades older data. Returns messages about it for the log. Rejects with StoreRefused if the
   * data is not for this server, with a LayoutWait while another server upgrades it.
   */
  async open(): Promise<string[]> {
    const messages: string[] = [];
    for (;;) {
      const stored = (await this.#look()) ?? (await this.#begin());
      if (this.#isOwn(stored)) {
        if (messages.length > 0) await this.#upgrader.release();
        return messages;
      }
      const message = await this.#upgrader.step(stored);
      if (message !== undefined) messages.push(message);
    }
  }

  /**
   * Checks whether this server may use the data now, before the first use and at each sign of life. The sign comes first:
   * a server that upgrades was announced before, or finds the sign and waits. All in one round trip, since every call
   * waits for it: Redis runs the commands of a connection in order.
   */
  async confirm(): Promise<void> {
    const [, stored] = await Promise.all([this.#parts.writeSignOfLife(), this.#look()]);
    if (stored === undefined) {
      // What is written before the next check is of this layout.
      await this.write();
      throw new LayoutWait("the store is empty now; checking it again");
    }
    if (!this.#isOwn(stored)) {
      throw new LayoutWait(`the data has layout ${stored.from} now; checking it again`);
    }
  }

  /** Returns the stored layout, if this server may use or upgrade it; undefined: there is none. */
  async #look(): Promise<StoredLayout | undefined> {
    const { prefix } = this.#parts;
    const keys = globalKeys(prefix);
    const [text, announced] = await Promise.all([this.#get(keys.version), this.#get(keys.upgrade)]);
    if (announced !== null) this.#refuseNewer(readAnnouncement(announced).to, "is upgraded to");
    if (text === null) return undefined;
    const stored = readStoredLayout(text);
    if (stored === undefined) throw this.#alien();
    this.#refuseNewer(stored.to, stored.from === stored.to ? "is of" : "is upgraded to");
    return stored;
  }

  #isOwn({ from, to }: StoredLayout): boolean {
    return from === this.#layout.version && to === from;
  }

  #refuseNewer(found: number, how: string): void {
    const { version } = this.#layout;
    if (found <= version) return;
    throw new StoreRefused(
      `the data under the prefix "${this.#parts.prefix}" ${how} layout ${found} by a newer server; this one serves layout ${version}: run the newer server, or use another --redis-prefix`,
    );
  }

  #alien(): StoreRefused {
    const { version } = globalKeys(this.#parts.prefix);
    return new StoreRefused(
      `the key "${version}" holds no layout version, and may belong to another program: use another --redis-prefix`,
    );
  }

  /** For a new store. Queues without a version have an unknown layout: only their own servers can write it. */
  async #begin(): Promise<StoredLayout> {
    const { prefix } = this.#parts;
    const { version } = globalKeys(prefix);
    if (await this.#hasQueues()) {
      const others = await this.#parts.othersAlive();
      if (others.length > 0) {
        throw new LayoutWait(
          `there are queues, but the key "${version}" with their layout is missing; waiting for ${others.join(", ")} to write it`,
        );
      }
      throw new StoreRefused(
        `there are queues, but the key "${version}" with their layout is missing: set it again, to ${this.#layout.version} if servers of this version wrote them, or use another --redis-prefix`,
      );
    }
    await this.write();
    return { from: this.#layout.version, to: this.#layout.version };
  }

  async #hasQueues(): Promise<boolean> {
    const { prefix } = this.#parts;
    const lists = [queuesBeforePartitions(prefix), ...queueListKeys(prefix)];
    const counts = await this.#connection.read<number>((reading) => {
      for (const list of lists) reading.exists(list);
    });
    return counts.includes(1);
  }

  /** Writes the version, if there is none. */
  async write(): Promise<void> {
    const { version } = globalKeys(this.#parts.prefix);
    const own = { from: this.#layout.version, to: this.#layout.version };
    await this.#connection.command((redis) =>
      writeWhenFull(redis, "SET", version, writeStoredLayout(own), "NX"),
    );
  }

  async #get(key: string): Promise<string | null> {
    try {
      return await this.#connection.command((redis) => redis.get(key));
    } catch (error) {
      const cause = error instanceof DlqError ? error.cause : undefined;
      if (cause instanceof Error && cause.message.startsWith("WRONGTYPE")) throw this.#alien();
      throw error;
    }
  }
}
