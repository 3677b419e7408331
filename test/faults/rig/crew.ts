import type { SeededRandom } from "../../support/random.ts";
import { until } from "../../support/until.ts";
import { GUARDED_QUEUE } from "../history/lanes.ts";
import { DIVERTED_QUEUE } from "../history/routes.ts";
import { Actor, type ActorArgs, type ActorSpec } from "./actor.ts";
import type { Tail } from "./tail.ts";
import { HEARTBEAT_MS, LEASE_MS, type World } from "./world.ts";

/** Queues that producers send to. */
export const LOAD_QUEUES = ["orders", GUARDED_QUEUE] as const;
/** Queues that every worker serves. */
export const SERVED_QUEUES = [...LOAD_QUEUES, DIVERTED_QUEUE] as const;
/** Messages whose leases expire on purpose: only workers without a helper let them. */
export const QUIET_QUEUE = "quiet";
export const CRASH_QUEUE = "crashing";
export const STOCK_QUEUE = "stock";

const LOAD_PLANS = {
  ok: 80,
  fail1: 8,
  fail2: 3,
  bad: 2,
  exhaust: 1,
  discard: 1,
  quarantine: 1,
  release: 2,
  slow: 0.3,
} as const;
/** Which part of all messages comes from whom; those of the quiet queue expire once. */
const TYPESCRIPT_PART = 0.65;
const PYTHON_CLIENT_PART = 0.2;
const PYTHON_STUBS_PART = 0.14;
const QUIET_PART = 0.01;
/** How many messages never get an outcome. */
const CRASHING = 8;
/** Messages that all succeed, several for each host. */
const GOOD_ONES = { messages: 64, rate: 200 };
const GOOD_ONES_WITHIN_MS = 60_000;
/** Producers of the load end when they are asked to. */
const ENDLESS = 1_000_000_000;

export interface CrewOptions {
  readonly world: World;
  readonly folder: string;
  readonly tail: Tail;
  readonly random: SeededRandom;
  /** Messages a second, all producers together, until they are asked to end. */
  readonly rate: number;
}

/** The producers and workers of a run, in two languages, each a process with a history. */
export class Crew {
  readonly producers: readonly Actor[];
  readonly #options: CrewOptions;
  readonly #specs = new Map<Actor, ActorSpec>();
  #workers: Actor[] = [];
  #others: Actor[] = [];
  #replacements = 0;
  #extra = 0;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#workers = [
      this.#clientWorker("ts-worker-1", SERVED_QUEUES),
      this.#pythonClientWorker("py-client-worker-1", SERVED_QUEUES),
      this.#pythonWorker("py-worker-1", [...SERVED_QUEUES, QUIET_QUEUE], 128),
    ];
    // Several streams, since what has expired twice is alone on its own.
    this.#others = [this.#oddAcker(), this.#pythonWorker("py-crashing-1", [CRASH_QUEUE], 2, 4)];
    this.producers = this.#startProducers();
  }

  /** Those that work on the load: faults may hit them. */
  get workers(): readonly Actor[] {
    return this.#workers;
  }

  /** What they write down, as it comes. */
  get tail(): Tail {
    return this.#options.tail;
  }

  /** Producers and workers that run now: role -> pids. */
  pids(): Readonly<Record<"producers" | "workers", readonly number[]>> {
    const pidsOf = (actors: readonly Actor[]) =>
      actors.filter(({ hasEnded }) => !hasEnded).map(({ pid }) => pid);
    return {
      producers: pidsOf(this.producers),
      workers: pidsOf([...this.#workers, ...this.#others]),
    };
  }

  get histories(): readonly string[] {
    return [...this.#specs.keys()].map(({ history }) => history);
  }

  /** Why some of them ended by themselves, though nobody killed them. */
  get failures(): readonly string[] {
    return [...this.#specs.keys()].flatMap(({ failure }) => failure ?? []);
  }

  /** Another worker of the same kind, for one that was killed. */
  replace(dead: Actor): Actor {
    const spec = this.#specs.get(dead);
    if (spec === undefined) throw new Error(`${dead.name} is none of ours`);
    this.#options.tail.forget(dead.name);
    const name = `${spec.name.replace(/-r\d+$/, "")}-r${++this.#replacements}`;
    const worker = this.#start({ ...spec, name });
    this.#workers = this.#workers.map((one) => (one === dead ? worker : one));
    return worker;
  }

  /** Resolves when a few more messages are sent that all succeed. */
  async sendGoodOnes(): Promise<void> {
    const name = `ts-good-producer-${++this.#extra}`;
    const plans = JSON.stringify({ ok: 1 });
    const args = { queues: GUARDED_QUEUE, plans, ...GOOD_ONES };
    const producer = this.#actor(name, "typescript", "producer.ts", args);
    const hasEnded = () => producer.hasEnded || undefined;
    await until(`the end of ${name}`, hasEnded, GOOD_ONES_WITHIN_MS);
  }

  /** Resolves when all that was sent has its answer, or was given up. */
  async stopProducers(): Promise<void> {
    await stopAll(this.producers);
  }

  async stopWorkers(): Promise<void> {
    await stopAll([...this.#workers, ...this.#others]);
  }

  /** Ends whatever still runs. */
  async kill9(): Promise<void> {
    const running = [...this.#specs.keys()].filter(({ hasEnded }) => !hasEnded);
    await Promise.all(running.map((actor) => actor.kill9()));
  }

  #start(spec: ActorSpec): Actor {
    const actor = new Actor(spec);
    this.#specs.set(actor, spec);
    this.#options.tail.follow(actor.name, actor.history);
    return actor;
  }

  #actor(name: string, language: ActorSpec["language"], program: string, args: ActorArgs): Actor {
    const { world, random, folder } = this.#options;
    const seed = random.below(2 ** 31);
    const where =
      language === "python"
        ? { addresses: world.addresses.join(",") }
        : { address: world.balancer };
    return this.#start({ name, language, program, folder, args: { ...where, ...args, seed } });
  }

  #clientWorker(name: string, queues: readonly string[]): Actor {
    const args = { queues: queues.join(","), concurrency: 100, "lease-ms": LEASE_MS };
    return this.#actor(name, "typescript", "worker.ts", args);
  }

  /** As that in TypeScript, behind the balancer. */
  #pythonClientWorker(name: string, queues: readonly string[]): Actor {
    return this.#actor(name, "python", "python/client_worker.py", {
      addresses: this.#options.world.balancer,
      queues: queues.join(","),
      concurrency: 100,
      "lease-ms": LEASE_MS,
    });
  }

  #pythonWorker(name: string, queues: readonly string[], maxInFlight: number, streams = 1): Actor {
    return this.#actor(name, "python", "python/worker.py", {
      queues: queues.join(","),
      streams,
      "max-in-flight": maxInFlight,
      "lease-ms": LEASE_MS,
      "heartbeat-ms": HEARTBEAT_MS,
    });
  }

  #oddAcker(): Actor {
    const args = { queues: SERVED_QUEUES.join(","), "lease-ms": LEASE_MS };
    return this.#actor("odd-acker-1", "typescript", "odd-acker.ts", args);
  }

  #startProducers(): readonly Actor[] {
    const { rate } = this.#options;
    const producer = (
      name: string,
      language: ActorSpec["language"],
      queues: readonly string[],
      plans: object,
      args: { readonly rate: number; readonly messages: number },
    ) =>
      this.#actor(name, language, language === "python" ? "python/producer.py" : "producer.ts", {
        queues: queues.join(","),
        plans: JSON.stringify(plans),
        ...args,
      });
    const part = (of: number) => ({ rate: rate * of, messages: ENDLESS });
    const withClient = (name: string, of: number) =>
      this.#actor(name, "python", "python/client_producer.py", {
        addresses: this.#options.world.balancer,
        queues: LOAD_QUEUES.join(","),
        plans: JSON.stringify(LOAD_PLANS),
        ...part(of),
      });
    const crashing = { rate: 1, messages: CRASHING };
    return [
      producer("ts-producer-1", "typescript", LOAD_QUEUES, LOAD_PLANS, part(TYPESCRIPT_PART)),
      withClient("py-client-producer-1", PYTHON_CLIENT_PART),
      producer("py-producer-1", "python", LOAD_QUEUES, LOAD_PLANS, part(PYTHON_STUBS_PART)),
      producer("py-quiet-1", "python", [QUIET_QUEUE], { silent: 1 }, part(QUIET_PART)),
      producer("py-crashing-producer-1", "python", [CRASH_QUEUE], { crash: 1 }, crashing),
    ];
  }
}

/** Waits for all, so that nobody writes any more when one has failed. @throws Error for those that did */
async function stopAll(actors: readonly Actor[]): Promise<void> {
  const ends = await Promise.allSettled(actors.map((actor) => actor.stop()));
  const reasons = ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
  if (reasons.length > 0) throw new Error(reasons.join("\n"));
}
