import { randomInt } from "node:crypto";
import { storeUnavailable } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";

/** A server that starts reads it within this time, if the store answers. */
const AGAIN_MS = 250;
/** 30 bits in base 32. */
const [DIGITS, BASE] = [6, 32];

/** ARGV: a new id. Returns the stored one. What is no id is replaced. */
const READ = `#!lua flags=allow-oom
local id = redis.call('HGET', KEYS[1], 'store')
if id and #id == ${DIGITS} and string.match(id, '^[0-9a-v]+$') then return id end
redis.call('HSET', KEYS[1], 'store', ARGV[1])
return ARGV[1]`;

/** The id of the data under a prefix in a Redis: six characters of 0-9 and a-v. The first server makes it. A copy has the same one. */
export class StoreId {
  readonly #connection: Connection;
  readonly #key: string;
  #id: string | undefined;

  constructor(connection: Connection, prefix: string) {
    this.#connection = connection;
    this.#key = globalKeys(prefix).history;
  }

  /** Throws STORE_UNAVAILABLE before the first `read`. */
  get value(): string {
    if (this.#id === undefined) throw storeUnavailable(AGAIN_MS);
    return this.#id;
  }

  /** Call it before the first use of each connection, and now and then: the data may be replaced. */
  async read(): Promise<void> {
    const fresh = randomInt(BASE ** DIGITS)
      .toString(BASE)
      .padStart(DIGITS, "0");
    const id = await this.#connection.command((redis) => redis.eval(READ, 1, this.#key, fresh));
    this.#id = String(id);
  }
}
