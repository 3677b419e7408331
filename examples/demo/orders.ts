import { SERVICES, type ServiceName } from "./services.ts";

/** What the shop has to tell a service; the payload of its dead letter. */
export interface Order {
  readonly id: number;
  readonly service: ServiceName;
  readonly amountCents: number;
  /** No customer has one: `invoices` rejects that, and `coupons` trips over its own code. */
  readonly vatId?: string;
  readonly coupon?: { readonly percent: number };
}

export type Random = () => number;

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All orders of one run, those of the services mixed. */
export function createOrders(random: Random): Order[] {
  const services = SERVICES.flatMap(({ name, orders }) => Array<ServiceName>(orders).fill(name));
  return services
    .map((service) => ({ service, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ service }, index) => {
      const amountCents = 500 + Math.floor(random() * 20_000);
      return { id: index + 1, service, amountCents };
    });
}
