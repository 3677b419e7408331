// The services that the shop calls, and how each of them fails. One queue each, of the same name.

export type ServiceName = "payments" | "shipping" | "stock" | "mail" | "invoices" | "coupons";

export interface Service {
  readonly name: ServiceName;
  /** At most 11 characters, for a column. */
  readonly problem: string;
  readonly orders: number;
  /** Share of the demo's time after which it works; absent: never by itself. */
  readonly worksAfter?: number;
  /** What happens then, in words. */
  readonly repair: string;
}

export const SERVICES: readonly Service[] = [
  {
    name: "payments",
    problem: "refused",
    orders: 16,
    worksAfter: 0.35,
    repair: "payments listens: connections are no longer refused",
  },
  {
    name: "shipping",
    problem: "too slow",
    orders: 14,
    worksAfter: 0.6,
    repair: "shipping is fast again",
  },
  {
    name: "stock",
    problem: "429 busy",
    orders: 14,
    worksAfter: 0.45,
    repair: "stock has room again: no more 429",
  },
  {
    name: "mail",
    problem: "500 error",
    orders: 16,
    worksAfter: 0.7,
    repair: "mail works again: no more 500",
  },
  {
    name: "invoices",
    problem: "422 invalid",
    orders: 8,
    repair: "",
  },
  {
    name: "coupons",
    problem: "own bug",
    orders: 4,
    repair: "the bug in the shop's coupons is fixed: its messages can be retried",
  },
];

export const SERVICE_NAMES: readonly ServiceName[] = SERVICES.map(({ name }) => name);

/** A queue of another name is not ours. */
export function serviceOf(name: string): Service {
  const found = SERVICES.find((service) => service.name === name);
  if (found === undefined) throw new Error(`the demo has no service ${name}`);
  return found;
}
