import type { SeededRandom } from "../../support/random.ts";
import { until } from "../../support/until.ts";
import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import { Actor, type ActorArgs, type ActorSpec } from "./actor.ts";
import { type ActorProgram, byAgent, inPython, inTypeScript } from "./actor-program.ts";
import { type Environment, HEARTBEAT_MS, LEASE_MS } from "./environment.ts";
import type { HistoryFollower } from "./history-follower.ts";
import {
  CRASH_QUEUE,
  EXPIRING_QUEUE,
  LOAD_QUEUES,
  RARE_QUEUES,
  SERVED_QUEUES,
  WIDE_QUEUES,
} from "./queues.ts";

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
/**
 * Share of the messages from each kind of producer. The TypeScript client sends the rest. Messages of the expiring queue
 * expire once.
 */
const PYTHON_CLIENT_PART = 0.14;
const PYTHON_STUBS_PART = 0.14;
const BUILT_CLIENT_PART = 0.14;
const EXPIRING_PART = 0.01;
/** Messages a second of all queues that have one now and then. */
const RARE_RATE = 2;
/** Number of messages that never get an outcome. */
const CRASHING = 8;
/** A short load whose messages all succeed, several for each host. */
const GOOD_ONES = { messages: 64, rate: 200 };
/** Rounds of batch jobs at a time, each beginning with another action. A server runs four jobs at a time. */
const JOB_ROUNDS = 6;
const GOOD_ONES_WITHIN_MS = 180_000;
/** Producers of the load run until SIGTERM. */
const ENDLESS = 1_000_000_000;

export interface CrewOptions {
  readonly environment: Environment;
  readonly folder: string;
  readonly seen: HistoryFollower;
  readonly random: SeededRandom;
  /** Messages per second of all producers together. */
  readonly rate: number;
  /** Languages with a built producer and worker in the run. */
  readonly languages: readonly string[];
}

/** The actors of a run: producers and workers in several languages, each a process with a history. */
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
      this.#typescriptWorker("ts-worker-1"),
      this.#clientWorker("py-client-worker-1", inPython("client_worker.py")),
      this.#stubsWorker("py-worker-1", [...SERVED_QUEUES, EXPIRING_QUEUE], 128),
      ...options.languages.map((language) =>
        this.#clientWorker(`${language}-worker-1`, byAgent(language, "worker")),
      ),
    ];
    // Several streams, because messages that expired twice get isolated delivery.
    this.#others = [
      this.#oddAcker(),
      this.#stubsWorker("py-crashing-1", [CRASH_QUEUE], 2, 4),
      this.#typescriptWorker("ts-wide-worker-1", WIDE_QUEUES),
    ];
    this.producers = this.#startProducers();
  }

  /** Workers of the load, which faults may hit. */
  get workers(): readonly Actor[] {
    return this.#workers;
  }

  /** What the actors have recorded so far. */
  get seen(): HistoryFollower {
    return this.#options.seen;
  }

  /** Role -> pids of running actors. */
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

  /** Errors of actors that ended by themselves. */
  get failures(): readonly string[] {
    return [...this.#specs.keys()].flatMap(({ failure }) => failure ?? []);
  }

  /** Starts a worker of the same kind for a killed one. */
  replace(dead: Actor): Actor {
    const spec = this.#specs.get(dead);
    if (spec === undefined) throw new Error(`${dead.name} is not an actor of this run`);
    this.#options.seen.forget(dead.name);
    const name = `${spec.name.replace(/-r\d+$/, "")}-r${++this.#replacements}`;
    const worker = this.#start({ ...spec, name });
    this.#workers = this.#workers.map((one) => (one === dead ? worker : one));
    return worker;
  }

  /** Sends some messages that all succeed. Resolves when they are sent. */
  async sendGoodOnes(): Promise<void> {
    const name = `ts-good-producer-${++this.#extra}`;
    const plans = JSON.stringify({ ok: 1 });
    const args = { queues: GUARDED_QUEUE, plans, ...GOOD_ONES };
    const producer = this.#actor(name, inTypeScript("producer.ts"), {
      ...this.#behindBalancer,
      ...args,
    });
    const hasEnded = () => producer.hasEnded || undefined;
    await until(`the end of ${name}`, hasEnded, GOOD_ONES_WITHIN_MS);
  }

  /** Resolves when all sends are answered or given up. */
  async stopProducers(): Promise<void> {
    await stopAll(this.producers);
  }

  async stopWorkers(): Promise<void> {
    await stopAll([...this.#workers, ...this.#others]);
  }

  /** Kills all running actors. */
  async kill9(): Promise<void> {
    const running = [...this.#specs.keys()].filter(({ hasEnded }) => !hasEnded);
    await Promise.all(running.map((actor) => actor.kill9()));
  }

  #start(spec: ActorSpec): Actor {
    const actor = new Actor(spec);
    this.#specs.set(actor, spec);
    this.#options.seen.follow(actor.name, actor.history);
    return actor;
  }

  #actor(name: string, program: ActorProgram, args: ActorArgs): Actor {
    const { random, folder } = this.#options;
    return this.#start({ name, program, folder, args: { ...args, seed: random.below(2 ** 31) } });
  }

  #typescriptWorker(name: string, queues: readonly string[] = SERVED_QUEUES): Actor {
    const args = { queues: queues.join(","), concurrency: 100, "lease-ms": LEASE_MS };
    return this.#actor(name, inTypeScript("worker.ts"), { ...this.#behindBalancer, ...args });
  }

  /** A worker with a client, behind the balancer. */
  #clientWorker(name: string, program: ActorProgram): Actor {
    return this.#actor(name, program, {
      addresses: this.#options.environment.balancer,
      queues: SERVED_QUEUES.join(","),
      concurrency: 100,
      "lease-ms": LEASE_MS,
    });
  }

  /** A worker with plain stubs, which has the addresses of all servers. */
  #stubsWorker(name: string, queues: readonly string[], maxInFlight: number, streams = 1): Actor {
    return this.#actor(name, inPython("worker.py"), {
      addresses: this.#options.environment.addresses.join(","),
      queues: queues.join(","),
      streams,
      "max-in-flight": maxInFlight,
      "lease-ms": LEASE_MS,
      "heartbeat-ms": HEARTBEAT_MS,
    });
  }

  #oddAcker(): Actor {
    const args = { queues: SERVED_QUEUES.join(","), "lease-ms": LEASE_MS };
    return this.#actor("odd-acker-1", inTypeScript("odd-acker.ts"), {
      ...this.#behindBalancer,
      ...args,
    });
  }

  #startProducers(): readonly Actor[] {
    const { rate, languages, environment } = this.#options;
    const load = (part: number) => ({
      queues: LOAD_QUEUES.join(","),
      plans: JSON.stringify(LOAD_PLANS),
      ...{ rate: rate * part, messages: ENDLESS },
    });
    const byClient = (name: string, program: ActorProgram, part: number) =>
      this.#actor(name, program, { addresses: environment.balancer, ...load(part) });
    const byStubs = (name: string, args: ActorArgs) =>
      this.#actor(name, inPython("producer.py"), {
        addresses: environment.addresses.join(","),
        ...args,
      });
    const builtPart = languages.length * BUILT_CLIENT_PART;
    const rest = 1 - PYTHON_CLIENT_PART - PYTHON_STUBS_PART - EXPIRING_PART - builtPart;
    return [
      this.#actor("ts-producer-1", inTypeScript("producer.ts"), {
        ...this.#behindBalancer,
        ...load(rest),
      }),
      this.#actor("ts-rare-producer-1", inTypeScript("producer.ts"), {
        ...this.#behindBalancer,
        ...{ ...load(0), queues: RARE_QUEUES.join(","), rate: RARE_RATE },
      }),
      this.#actor("ts-operator-1", inTypeScript("operator.ts"), {
        ...this.#behindBalancer,
        rounds: JOB_ROUNDS,
      }),
      byClient("py-client-producer-1", inPython("client_producer.py"), PYTHON_CLIENT_PART),
      ...languages.map((language) =>
        byClient(`${language}-producer-1`, byAgent(language, "producer"), BUILT_CLIENT_PART),
      ),
      byStubs("py-producer-1", load(PYTHON_STUBS_PART)),
      byStubs("py-expiring-1", {
        ...{ ...load(EXPIRING_PART), queues: EXPIRING_QUEUE },
        plans: JSON.stringify({ silent: 1 }),
      }),
      byStubs("py-crashing-producer-1", {
        ...{ queues: CRASH_QUEUE, plans: JSON.stringify({ crash: 1 }) },
        ...{ rate: 1, messages: CRASHING },
      }),
    ];
  }

  get #behindBalancer() {
    return { address: this.#options.environment.balancer };
  }
}

/** Stops all actors, also after one has failed. @throws Error with all failures */
async function stopAll(actors: readonly Actor[]): Promise<void> {
  const ends = await Promise.allSettled(actors.map((actor) => actor.stop()));
  const reasons = ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
  if (reasons.length > 0) throw new Error(reasons.join("\n"));
}
