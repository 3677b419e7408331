import type { StreamConfig } from "@nats-io/jetstream";
import type { Log } from "../app/observer.ts";
import { DAY_MS } from "../core/time-units.ts";
import type { FoundStream } from "./ensure-stream.ts";
import { streamProblems } from "./stream-config.ts";

/** What an operator should know about the stream. Logs each state of it once. */
export class StreamNotices {
  readonly #log: Pick<Log, "warn">;
  readonly #now: () => number;
  #problems: readonly string[] = [];
  /** When it was found that the stream was created again, and what to know about it. */
  #again: { readonly atMs: number; readonly warning: string } | undefined;
  #logged = "";
  #created: string | undefined;

  /** `now`: the wall clock. */
  constructor(log: Pick<Log, "warn">, now: () => number = Date.now) {
    this.#log = log;
    this.#now = now;
  }

  /** What the stream can lose now, or has lost within the last day, each with what to do after a semicolon. */
  get warnings(): readonly string[] {
    const again = this.#again;
    if (again === undefined || this.#now() - again.atMs >= DAY_MS) return this.#problems;
    return [again.warning, ...this.#problems];
  }

  found({ config, created, isNew }: FoundStream): void {
    if (config === undefined || created === undefined) return;
    const isAgain = isLater(created, this.#created);
    this.#created = created;
    if (isAgain) {
      const at = new Date(created).toISOString();
      const warning = `stream ${config.name} was created again at ${at}: events that were in it are gone; find out who deleted it; let consumers read again what they derived from events`;
      this.#again = { atMs: this.#now(), warning };
      this.#log.warn(
        { ...factsOf(config), created: at },
        "the stream was created again: events that were in it are gone",
      );
    } else if (isNew) {
      this.#log.warn(
        factsOf(config),
        "the stream did not exist and was created: to choose its replicas and limits, edit it",
      );
    }
    const problems = streamProblems(config);
    this.#problems = problems.map(
      (one) => `stream ${config.name} can lose or refuse events: ${one}`,
    );
    const text = problems.join();
    if (text !== this.#logged && text !== "") {
      this.#log.warn(
        { stream: config.name, problems },
        "the configuration of the stream can lose or refuse events",
      );
    }
    this.#logged = text;
  }
}

/** Reports whether a stream was created after the one that was known. Two may be of one millisecond. */
function isLater(created: string, known: string | undefined): boolean {
  return known !== undefined && created !== known && Date.parse(created) >= Date.parse(known);
}

function factsOf({ name, subjects, num_replicas, max_age }: StreamConfig): object {
  const maxAgeDays = max_age / 1_000_000 / DAY_MS;
  return { stream: name, subjects, replicas: num_replicas, maxAgeDays };
}
