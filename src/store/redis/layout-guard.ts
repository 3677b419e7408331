import { DlqError } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import {
  type Layout,
  LayoutError,
  LayoutWait,
  readAnnouncement,
  readStoredLayout,
  type StoredLayout,
  writeStoredLayout,
} from "./layout.ts";
import { Upgrader, type UpgraderParts } from "./upgrades/upgrader.ts";
import { writeWhenFull } from "./when-full.ts";

export interface LayoutGuardParts extends UpgraderParts {
  /** A sign of life of this node: an upgrade waits until those of older servers stop. */
  sign(): Promise<void>;
}

/** Lets a server use data of its own layout only, and upgrades what is older. */
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
   * Before the first use: upgrades older data, and gives what is to be said about it. Rejects with a
   * LayoutError where the data is not for this server, with a LayoutWait while others are at it.
   */
  async open(): Promise<string[]> {
    const said: string[] = [];
    for (;;) {
      const stored = (await this.#look()) ?? (await this.#begin());
      if (this.#isOwn(stored)) {
        if (said.length > 0) await this.#upgrader.release();
        return said;
      }
      const words = await this.#upgrader.step(stored);
      if (words !== undefined) said.push(words);
    }
  }

  /**
   * Whether this server may use the data now: asked before the first use and at each sign of life. It
   * signs first: a server that upgrades has been announced before, or finds the sign and waits. All
   * in one round trip, since everything waits for it: Redis runs the commands of a connection in order.
   */
  async confirm(): Promise<void> {
    const [, stored] = await Promise.all([this.#parts.sign(), this.#look()]);
    if (stored === undefined) {
      // What is written until it is looked at anew is of this layout.
      await this.write();
      throw new LayoutWait("the store has been emptied; looking at it anew");
    }
    if (!this.#isOwn(stored)) {
      throw new LayoutWait(`the data has become one of layout ${stored.from}; looking at it anew`);
    }
  }

  /** What is stored, if it is for this server; undefined: nothing says. */
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
    throw new LayoutError(
      `the data under the prefix "${this.#parts.prefix}" ${how} layout ${found} by a newer server; this one knows ${version}: run the newer server, or use another --redis-prefix`,
    );
  }

  #alien(): LayoutError {
    const { version } = globalKeys(this.#parts.prefix);
    return new LayoutError(
      `the key "${version}" holds no layout version: is it another program's? use another --redis-prefix`,
    );
  }

  /** Of a new store. Queues without a version are data of an unknown layout, but to who wrote them. */
  async #begin(): Promise<StoredLayout> {
    const { queues, version } = globalKeys(this.#parts.prefix);
    if ((await this.#connection.command((redis) => redis.exists(queues))) === 1) {
      const others = await this.#parts.othersAlive();
      if (others.length > 0) {
        throw new LayoutWait(
          `there are queues, but the key "${version}" that tells their layout is gone; waiting for ${others.join(", ")} to tell it`,
        );
      }
      throw new LayoutError(
        `there are queues, but the key "${version}" that tells their layout is gone: set it again, to ${this.#layout.version} if servers of this version wrote them, or use another --redis-prefix`,
      );
    }
    await this.write();
    return { from: this.#layout.version, to: this.#layout.version };
  }

  /** The version, where there is none. */
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
