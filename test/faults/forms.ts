import type { Options } from "./options.ts";
import type { WorldName } from "./rig/world.ts";

/** How much of what happens in a world. */
export interface Amounts {
  readonly messages: number;
  readonly rate: number;
  readonly stock: number;
  /** By chance; undefined: each kind once. */
  readonly faults: number | undefined;
  /** Kinds that come so often, and not by chance. */
  readonly fixed: ReadonlyMap<string, number>;
}

const SHORT: Readonly<Record<WorldName, Amounts>> = {
  external: { ...short(37_000), stock: 200_000 },
  everysec: { ...short(2_000), stock: 5_000 },
  embedded: { ...short(9_000), stock: 200_000 },
  sentinel: { ...short(2_000), stock: 5_000 },
};

const LONG: Readonly<Record<WorldName, Amounts>> = {
  external: { ...long(1_480_000, 130), fixed: new Map([["long-outage", 10]]) },
  everysec: { ...long(40_000, 10), stock: 20_000 },
  embedded: long(460_000, 55),
  sentinel: { ...long(20_000, 5), rate: 400, stock: 5_000 },
};

function short(messages: number): Amounts {
  return { messages, rate: 350, stock: 0, faults: undefined, fixed: new Map() };
}

function long(messages: number, faults: number): Amounts {
  return { messages, rate: 2_200, stock: 200_000, faults, fixed: new Map() };
}

export function amountsOf(world: WorldName, options: Options): Amounts {
  const form = (options.long ? LONG : SHORT)[world];
  return {
    ...form,
    messages: options.messages ?? form.messages,
    rate: options.rate ?? form.rate,
    faults: options.faults ?? form.faults,
  };
}
