import { Redis } from "ioredis";

/** The current address of the store. */
export type StoreAddress = { readonly path: string } | { readonly port: number };

/** Longer than any outage of the store in the suite. */
const MAX_WAIT_MS = 60_000;

/** Opens a direct connection to the store. The caller closes it. */
export async function connectToStore(address: StoreAddress): Promise<Redis> {
  const target = "path" in address ? address : { ...address, host: "127.0.0.1" };
  // Commands wait for a store that is down, because faults may be combined.
  const patience = {
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
    commandTimeout: MAX_WAIT_MS,
  };
  const redis = new Redis({ ...target, ...patience, protocol: 2, lazyConnect: true });
  redis.on("error", () => {});
  await redis.connect().catch(() => {}); // it keeps retrying
  await redis.ping();
  return redis;
}
