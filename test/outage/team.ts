import { join } from "node:path";
import { callAnswers } from "../support/link-answers.ts";
import { LinkProxy } from "../support/link-proxy.ts";
import { until } from "../support/until.ts";
import { History } from "./history.ts";
import type { Language } from "./install.ts";
import { Ledger } from "./ledger.ts";
import { Program } from "./program.ts";
import { isOf, type SpoolFiles, spoolFiles } from "./spool-files.ts";

export interface TeamPlace {
  readonly folder: string;
  readonly serverPort: () => number;
  /** Sends a second of both producers together. */
  readonly rate: number;
}

/** How long what a killed producer left took to become somebody else's, if it left anything. */
export interface Adoption {
  readonly tookMs: number | undefined;
  /** Whether the other process was it, since the next one was not there yet. */
  readonly beforeReplaced: boolean;
}

/** The producers and the worker of one language, their links to the server, and what they wrote. */
export class Team {
  readonly ledger = new Ledger();
  readonly queue: string;
  readonly adoptions: Adoption[] = [];
  readonly producers: LinkProxy;
  readonly #workers: LinkProxy;
  readonly #language: Language;
  readonly #place: TeamPlace;
  readonly #spoolFolder: string;
  readonly #histories: History[] = [];
  /** The one that stays, and the one that is killed. */
  readonly #steady: Program;
  #mortal: Program;
  readonly #worker: Program;
  readonly #killed: Program[] = [];
  #generation = 0;

  private constructor(
    language: Language,
    place: TeamPlace,
    links: { readonly producers: LinkProxy; readonly workers: LinkProxy },
  ) {
    this.#language = language;
    this.#place = place;
    this.producers = links.producers;
    this.#workers = links.workers;
    this.queue = `outage-${language.name}`;
    this.#spoolFolder = join(place.folder, `${language.name}-spool`);
    this.#worker = this.#start("worker", `${language.name}-worker`, links.workers);
    this.#steady = this.#startProducer("steady");
    this.#mortal = this.#startProducer("mortal-0");
  }

  static async start(language: Language, place: TeamPlace): Promise<Team> {
    const targets = () => [{ port: place.serverPort() }];
    const [producers, workers] = await Promise.all([
      LinkProxy.open(targets, callAnswers),
      LinkProxy.open(targets, callAnswers),
    ]);
    return new Team(language, place, { producers, workers });
  }

  get name(): string {
    return this.#language.name;
  }

  /** Names of killed producers: their sends may have no answer. */
  get killed(): readonly string[] {
    return this.#killed.map(({ name }) => name);
  }

  /** Reads what was written since the last time. @throws Error if one has ended by itself */
  read(): Ledger {
    for (const history of this.#histories) {
      for (const event of history.news()) this.ledger.add(event);
    }
    for (const { failure } of [this.#steady, this.#mortal, this.#worker]) {
      if (failure !== undefined) throw new Error(failure);
    }
    return this.ledger;
  }

  spool(): Promise<SpoolFiles> {
    return spoolFiles(this.#spoolFolder);
  }

  /** What servers say is heard no more. */
  mute(): void {
    for (const link of [this.producers, this.#workers]) link.set({ blackhole: true }, ["down"]);
  }

  /** Connections end, and new ones are good, if a server is there. */
  mend(): void {
    for (const link of [this.producers, this.#workers]) {
      link.reset();
      link.clear();
    }
  }

  async killOne(): Promise<void> {
    this.#killed.push(this.#mortal);
    await this.#mortal.kill9();
  }

  /** Tells how soon the files of the killed one had another owner. */
  async watchOrphans(deadlineMs: number): Promise<void> {
    const dead = this.#mortal;
    const { pid } = dead;
    const hasOrphans = async () => (await this.spool()).names.some((name) => isOf(pid, name));
    if (!(await hasOrphans())) return;
    const startedAtMs = performance.now();
    const isAdopted = await until(
      "adoption",
      async () => !(await hasOrphans()) || undefined,
      deadlineMs,
    ).catch(() => false);
    this.adoptions.push({
      tookMs: isAdopted ? performance.now() - startedAtMs : undefined,
      beforeReplaced: isAdopted && this.#mortal === dead,
    });
  }

  replace(): void {
    this.#mortal = this.#startProducer(`mortal-${++this.#generation}`);
  }

  async stopProducers(): Promise<void> {
    await Promise.all([this.#steady.stop(), this.#mortal.stop()]);
  }

  async stopWorker(): Promise<void> {
    await this.#worker.stop();
  }

  /** However far it has come. */
  async end(): Promise<void> {
    for (const program of [this.#steady, this.#mortal, this.#worker]) await program.kill9();
    await Promise.all([this.producers.close(), this.#workers.close()]);
  }

  #startProducer(name: string): Program {
    return this.#start("producer", `${this.#language.name}-${name}`, this.producers);
  }

  #start(program: "producer" | "worker", name: string, link: LinkProxy): Program {
    const history = join(this.#place.folder, `${name}.jsonl`);
    this.#histories.push(new History(history));
    return new Program(this.#language, program, {
      name,
      history,
      target: link.address,
      queue: this.queue,
      folder: this.#spoolFolder,
      rate: String(this.#place.rate / 2),
    });
  }
}
