import { Redis } from "ioredis";

/** Where the store of a environment is right now. */
export type StoreAddress = { readonly path: string } | { readonly port: number };

/** Longer than any fault takes the store away. */
const MOST_WAIT_MS = 60_000;

/** A connection of the suite's own, used for one look and closed by the caller. */
export async function connectToStore(address: StoreAddress): Promise<Redis> {
  const target = "path" in address ? address : { ...address, host: "127.0.0.1" };
  // A command waits for a store that is down: faults of its settings go on beside its death.
  const patience = {
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
    commandTimeout: MOST_WAIT_MS,
  };
  const redis = new Redis({ ...target, ...patience, protocol: 2, lazyConnect: true });
  redis.on("error", () => {});
  await redis.connect().catch(() => {}); // it goes on trying by itself
  await redis.ping();
  return redis;
}
