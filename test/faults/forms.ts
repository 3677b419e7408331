import type { Options } from "./options.ts";
import type { PlanOptions } from "./plan.ts";
import type { EnvironmentName } from "./rig/environment.ts";

/** The size of a run in one environment. */
export interface Amounts extends PlanOptions {
  readonly messages: number;
  readonly rate: number;
  readonly baseline: number;
  readonly idleQueues: number;
  /** Number of random faults. Undefined: each kind once. */
  readonly faults: number | undefined;
}

/** Planned duration of the short form on two free cores, seconds. */
export const SHORT_AIM_S = 600;

/** Idle queues in the environment with most faults, and in the others. */
const MANY_QUEUES = 10_000;
const SOME_QUEUES = 1_000;

/** A message has six events, each of which costs servers and NATS as much as a call. */
const EVENTS_RATE = 150;

const SHORT: Readonly<Record<EnvironmentName, Amounts>> = {
  external: {
    ...short(37_000),
    baseline: 200_000,
    idleQueues: MANY_QUEUES,
    pairs: 5,
    fixed: new Map([["long-outage", 1]]), // it takes as long as ten other faults
  },
  everysec: { ...short(2_000), baseline: 5_000 },
  embedded: { ...short(9_000), baseline: 200_000, pairs: 2 },
  sentinel: { ...short(2_000), rate: EVENTS_RATE, baseline: 5_000, pairs: 2 },
  replicas: { ...short(2_000), rate: EVENTS_RATE, baseline: 5_000 },
  events: { ...short(2_000), rate: EVENTS_RATE, baseline: 1_000 },
};

/** Messages a second that a slow machine answers. A higher rate saves little: the faults take most of the time. */
const LONG_RATE = 1_000;

const LONG: Readonly<Record<EnvironmentName, Amounts>> = {
  external: {
    ...long(1_480_000, 135),
    idleQueues: MANY_QUEUES,
    fixed: new Map([["long-outage", 20]]),
  },
  everysec: { ...long(40_000, 10), baseline: 20_000 },
  embedded: long(460_000, 55),
  sentinel: {
    ...long(20_000, 12),
    rate: EVENTS_RATE,
    baseline: 5_000,
    fixed: new Map([["failover", 6]]),
  },
  replicas: { ...long(20_000, 6), rate: EVENTS_RATE, baseline: 5_000 },
  events: { ...long(40_000, 40), rate: EVENTS_RATE, baseline: 5_000 },
};

function short(messages: number): Amounts {
  const rest = {
    baseline: 0,
    idleQueues: SOME_QUEUES,
    faults: undefined,
    fixed: new Map(),
    pairs: 0,
  };
  return { messages, rate: 350, ...rest };
}

function long(messages: number, faults: number): Amounts {
  const rest = { baseline: 200_000, idleQueues: SOME_QUEUES, fixed: new Map(), pairs: 0 };
  return { messages, rate: LONG_RATE, faults, ...rest };
}

export function amountsOf(environment: EnvironmentName, options: Options): Amounts {
  const form = (options.long ? LONG : SHORT)[environment];
  return {
    ...form,
    messages: options.messages ?? form.messages,
    rate: options.rate ?? form.rate,
    faults: options.faults ?? form.faults,
  };
}

/** Reports whether the run is the short form, without options that make it longer. */
export function isShort({ long, messages, faults, rate }: Options): boolean {
  return !long && messages === undefined && faults === undefined && rate === undefined;
}
