import type { Connection } from "../connection.ts";
import { globalKeys } from "../keys.ts";
import {
  type Layout,
  LayoutWait,
  readAnnouncement,
  type StoredLayout,
  StoreRefused,
  writeAnnouncement,
  writeStoredLayout,
} from "../storage-version.ts";
import { queuesBeforePartitions } from "./keys-by-partition.ts";
import type { Upgrade, UpgradeSteps } from "./upgrade.ts";

/** An announcement is valid for this after its last step: so long others wait after an upgrade was killed. */
const HELD_MS = 10_000;

/** Keys that one page of a walk looks at: others wait for about a millisecond. */
const SCAN_COUNT = 1_000;
/** A field may have 64 KiB. */
const FIELDS_COUNT = 100;

/** Takes or renews the announcement; returns the valid one. */
const CLAIM = `#!lua flags=allow-oom
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return held end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`;

const RELEASE = `#!lua flags=allow-oom
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** Changes the version, if it is still the expected one; returns whether it was. */
const MOVE = `#!lua flags=allow-oom
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`;

export interface UpgraderParts {
  connection: Connection;
  prefix: string;
  nodeId: string;
  layout: Layout;
  /** Other servers that serve this data, or did so lately. */
  othersAlive(): Promise<string[]>;
  /** Called when an upgrade of the data begins, or goes on after an interruption. */
  onUpgrade?: ((from: number, to: number) => void) | undefined;
}

/**
 * Upgrades the data, one server at a time. An upgrade is announced first, so that servers of older layouts end. It begins
 * when the last of them has been silent for long enough; from then on no older server opens the data. The version is
 * written when all is done.
 */
export class Upgrader {
  readonly #parts: UpgraderParts;
  readonly #announcement: string;

  constructor(parts: UpgraderParts) {
    this.#parts = parts;
    this.#announcement = writeAnnouncement({ to: parts.layout.version, nodeId: parts.nodeId });
  }

  /** Runs one upgrade. Returns a message for the log; undefined: another server was faster. */
  async step(stored: StoredLayout): Promise<string | undefined> {
    const { layout } = this.#parts;
    const upgrade = layout.upgrades.find(({ from }) => from === stored.from);
    if (upgrade === undefined) throw new StoreRefused(this.#tooOld(stored));
    await this.#claim();
    const begun = { from: upgrade.from, to: upgrade.to };
    if (stored.from === stored.to) {
      await this.#untilAlone(upgrade);
      if (!(await this.#move(stored, begun))) return undefined;
    }
    await this.#forgetScripts();
    this.#parts.onUpgrade?.(upgrade.from, upgrade.to);
    const beganAt = performance.now();
    await upgrade.run(this.#steps());
    if (!(await this.#move(begun, { from: upgrade.to, to: upgrade.to }))) return undefined;
    const ms = Math.round(performance.now() - beganAt);
    return `the data was upgraded from layout ${upgrade.from} to ${upgrade.to} (${upgrade.what}) in ${ms} ms: servers of older layouts refuse it from now on`;
  }

  /** After the last upgrade: others need not wait until the announcement expires. */
  async release(): Promise<void> {
    const { upgrade } = globalKeys(this.#parts.prefix);
    await this.#parts.connection.command((redis) =>
      redis.eval(RELEASE, 1, upgrade, this.#announcement),
    );
  }

  #steps(): UpgradeSteps {
    const { connection, prefix } = this.#parts;
    return {
      prefix,
      queues: () => connection.command((redis) => redis.smembers(queuesBeforePartitions(prefix))),
      scan: async (cursor, begin) => {
        await this.#claim();
        const [next, keys] = await connection.command((redis) =>
          redis.scanBuffer(cursor, "MATCH", `${begin}*`, "COUNT", SCAN_COUNT),
        );
        return { next: String(next), keys };
      },
      fields: async (key, cursor) => {
        await this.#claim();
        const [next, fields] = await connection.command((redis) =>
          redis.hscanBuffer(key, cursor, "COUNT", FIELDS_COUNT),
        );
        return { next: String(next), fields };
      },
      run: async (script, key, ...args) => {
        await this.#claim();
        return connection.command((redis) => redis.eval(script, 1, key, ...args));
      },
    };
  }

  /**
   * A call that the network still delivers from a server of an older layout names its script by hash: Redis refuses it then. A
   * user without the right to do this runs the small risk.
   */
  async #forgetScripts(): Promise<void> {
    await this.#parts.connection.command(async (redis) => {
      await redis.script("FLUSH").catch((error: Error) => {
        if (!error.message.startsWith("NOPERM")) throw error;
      });
    });
  }

  async #claim(): Promise<void> {
    const { connection, prefix } = this.#parts;
    const { upgrade } = globalKeys(prefix);
    const held = await connection.command((redis) =>
      redis.eval(CLAIM, 1, upgrade, this.#announcement, HELD_MS),
    );
    if (held === this.#announcement) return;
    const { nodeId, to } = readAnnouncement(String(held));
    throw new LayoutWait(`the server ${nodeId} upgrades the data to layout ${to}; waiting for it`);
  }

  async #untilAlone({ from, to }: Upgrade): Promise<void> {
    const others = await this.#parts.othersAlive();
    if (others.length === 0) return;
    throw new LayoutWait(
      `the data is of layout ${from}, and is upgraded to ${to} when no server of an older version has used it for 10 s: stop ${others.join(", ")}, if they don't end by themselves`,
    );
  }

  async #move(from: StoredLayout, to: StoredLayout): Promise<boolean> {
    const { connection, prefix } = this.#parts;
    const { version } = globalKeys(prefix);
    const moved = await connection.command((redis) =>
      redis.eval(MOVE, 1, version, writeStoredLayout(from), writeStoredLayout(to)),
    );
    return moved === 1;
  }

  #tooOld({ from }: StoredLayout): string {
    const { layout, prefix } = this.#parts;
    const oldest = layout.upgrades[0]?.from ?? layout.version;
    return `the data under the prefix "${prefix}" is of layout ${from}; this server upgrades from ${oldest} on: run a server in between first`;
  }
}
