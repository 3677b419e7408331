import type { StreamConfig } from "@nats-io/jetstream";
import type { Log } from "../app/observer.ts";
import { DAY_MS } from "../core/time-units.ts";
import type { FoundStream } from "./ensure-stream.ts";
import { streamProblems } from "./stream-config.ts";

/** Logs what an operator should know about the stream, each state of it once. */
export class StreamNotices {
  readonly #log: Pick<Log, "warn">;
  #logged = "";
  #created: string | undefined;

  constructor(log: Pick<Log, "warn">) {
    this.#log = log;
  }

  found({ config, created, isNew }: FoundStream): void {
    if (config === undefined || created === undefined) return;
    const isAgain = isLater(created, this.#created);
    this.#created = created;
    if (isAgain) {
      this.#log.warn(
        { ...factsOf(config), created: new Date(created).toISOString() },
        "the stream was created again: events that were in it are gone",
      );
    } else if (isNew) {
      this.#log.warn(
        factsOf(config),
        "the stream did not exist and was created: to choose its replicas and limits, edit it",
      );
    }
    const problems = streamProblems(config);
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
