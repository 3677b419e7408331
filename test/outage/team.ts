import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Actor } from "../faults/rig/actor.ts";
import { Follower } from "../faults/rig/follower.ts";
import { callAnswers } from "../support/link-answers.ts";
import { LinkProxy } from "../support/link-proxy.ts";
import { until } from "../support/until.ts";
import type { Language } from "./install.ts";
import { Ledger, type OutageEvent } from "./ledger.ts";

export interface TeamOptions {
  /** Of histories and spools. */
  readonly folder: string;
  readonly serverPort: () => number;
  /** Sends a second of both producers together. */
  readonly rate: number;
}

/** How long it took until another process owned the spool files of a killed producer. */
export interface Recovery {
  readonly tookMs: number | undefined;
  /** The steady producer recovered them: the next one had not started. */
  readonly beforeReplaced: boolean;
}

export interface SpoolFiles {
  readonly names: readonly string[];
  readonly bytes: number;
}

/** The producers and the worker of one language, their links to the server, and their histories. */
export class Team {
  readonly ledger = new Ledger();
  readonly queue: string;
  /** Of killed producers that left spool files. */
  readonly recoveries: Recovery[] = [];
  readonly producers: LinkProxy;
  readonly #workers: LinkProxy;
  readonly #language: Language;
  readonly #options: TeamOptions;
  readonly #spoolFolder: string;
  readonly #histories: Follower[] = [];
  readonly #steady: Actor;
  /** The producer that is killed and replaced. */
  #victim: Actor;
  readonly #worker: Actor;
  readonly #killed: Actor[] = [];

  private constructor(
    language: Language,
    options: TeamOptions,
    links: { readonly producers: LinkProxy; readonly workers: LinkProxy },
  ) {
    this.#language = language;
    this.#options = options;
    this.producers = links.producers;
    this.#workers = links.workers;
    this.queue = `outage-${language.name}`;
    this.#spoolFolder = join(options.folder, `${language.name}-spool`);
    this.#worker = this.#start("worker", "worker", links.workers);
    this.#steady = this.#start("producer", "steady", links.producers);
    this.#victim = this.#startVictim();
  }

  static async start(language: Language, options: TeamOptions): Promise<Team> {
    const targets = () => [{ port: options.serverPort() }];
    const [producers, workers] = await Promise.all([
      LinkProxy.open(targets, callAnswers),
      LinkProxy.open(targets, callAnswers),
    ]);
    return new Team(language, options, { producers, workers });
  }

  get name(): string {
    return this.#language.name;
  }

  /** Names of killed producers: their sends may have no result. */
  get killed(): readonly string[] {
    return this.#killed.map(({ name }) => name);
  }

  /** Reads what was recorded since the last time. @throws Error if a process has ended by itself */
  read(): Ledger {
    for (const history of this.#histories) {
      for (const line of history.newLines()) this.ledger.add(JSON.parse(line) as OutageEvent);
    }
    for (const { failure } of [this.#steady, this.#victim, this.#worker]) {
      if (failure !== undefined) throw new Error(failure);
    }
    return this.ledger;
  }

  async spool(): Promise<SpoolFiles> {
    const all = await readdir(this.#spoolFolder, { recursive: true }).catch(() => [] as string[]);
    const names = all.filter((name) => name.endsWith(".spool"));
    const sizes = names.map((name) =>
      stat(join(this.#spoolFolder, name)).then(
        ({ size }) => size,
        () => 0, // renamed or removed meanwhile
      ),
    );
    return { names, bytes: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) };
  }

  /** Loses all answers of servers. */
  loseAnswers(): void {
    for (const link of [this.producers, this.#workers]) link.set({ blackhole: true }, ["down"]);
  }

  /** Resets connections; new ones work if a server runs. */
  reconnect(): void {
    for (const link of [this.producers, this.#workers]) {
      link.reset();
      link.clear();
    }
  }

  async killVictim(): Promise<void> {
    this.#killed.push(this.#victim);
    await this.#victim.kill9();
  }

  /** Records when the spool files of the killed producer have another owner. */
  async watchRecovery(deadlineMs: number): Promise<void> {
    const victim = this.#victim;
    const hasOrphans = async () =>
      (await this.spool()).names.some((name) => pidOf(name) === victim.pid);
    if (!(await hasOrphans())) return;
    const startedAtMs = performance.now();
    const isRecovered = await until(
      "orphan recovery",
      async () => !(await hasOrphans()) || undefined,
      deadlineMs,
    ).catch(() => false);
    this.recoveries.push({
      tookMs: isRecovered ? performance.now() - startedAtMs : undefined,
      beforeReplaced: isRecovered && this.#victim === victim,
    });
  }

  replaceVictim(): void {
    this.#victim = this.#startVictim();
  }

  async stopProducers(): Promise<void> {
    await Promise.all([this.#steady.stop(), this.#victim.stop()]);
  }

  async stopWorker(): Promise<void> {
    await this.#worker.stop();
  }

  /** Kills what still runs. */
  async end(): Promise<void> {
    for (const actor of [this.#steady, this.#victim, this.#worker]) await actor.kill9();
    await Promise.all([this.producers.close(), this.#workers.close()]);
  }

  #startVictim(): Actor {
    return this.#start("producer", `victim-${this.#killed.length}`, this.producers);
  }

  #start(role: "producer" | "worker", name: string, link: LinkProxy): Actor {
    const { folder, rate } = this.#options;
    const actor = new Actor({
      name: `${this.#language.name}-${name}`,
      program: this.#language.program(role),
      folder,
      args: {
        target: link.address,
        queue: this.queue,
        folder: this.#spoolFolder,
        rate: rate / 2,
      },
    });
    this.#histories.push(new Follower(actor.history));
    return actor;
  }
}

/** A spool file is called `MILLIS-PID-RANDOM.spool`. */
function pidOf(name: string): number {
  return Number(name.split("/").at(-1)?.split("-")[1]);
}
