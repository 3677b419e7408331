import type { DeliveryBlocks, OpenBreaker } from "../contract.ts";
import type { StoreContext } from "./context.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { optionalMs, Reader } from "./packed/reader.ts";
import { storedBreakerState } from "./states.ts";

/** At most this many breakers are listed. */
const MAX_LISTED_BREAKERS = 1_000;

export class RedisDeliveryBlocks implements DeliveryBlocks {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  async breakers(queue: string): Promise<OpenBreaker[]> {
    const reply = await this.#context.run(
      "list_breakers",
      queue,
      { limit: MAX_LISTED_BREAKERS },
      [],
    );
    const reader = new Reader(reply as Buffer);
    const open: OpenBreaker[] = [];
    while (!reader.done) {
      const breaker = reader.read(LAYOUTS.openBreaker);
      open.push({
        state: storedBreakerState(breaker.state),
        openSinceMs: breaker.first,
        retryAtMs: optionalMs(breaker.retryAt),
        openedCount: breaker.times,
        key: Buffer.from(breaker.key).toString(),
      });
    }
    return open;
  }

  async resetBreaker(queue: string, key: string): Promise<boolean> {
    const header = { key, ...this.#header(queue) };
    return (await this.#context.run("reset_breaker", queue, header, [])) === 1;
  }

  async releaseOrder(queue: string, orderingKey: string): Promise<Uint8Array | undefined> {
    const header = { order: orderingKey, ...this.#header(queue) };
    const id = (await this.#context.run("release_order", queue, header, [])) as Buffer;
    return id.length === 0 ? undefined : Uint8Array.from(id);
  }

  #header(queue: string) {
    const { outboxMaxBytes, deliverySettingsOf, historyChangedAtMs } = this.#context;
    const historyChanged = historyChangedAtMs();
    return { historyChanged, outboxMaxBytes, deliverySettings: deliverySettingsOf(queue) };
  }
}
