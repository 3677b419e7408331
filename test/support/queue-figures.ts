import type { QueueFigureSource, QueueFigures } from "../../src/app/queues/queue-figures.ts";

/** Samples as `name{labels}` -> value. */
export async function scrape(metrics: { render(): Promise<string> }): Promise<Map<string, number>> {
  const samples = new Map<string, number>();
  for (const line of (await metrics.render()).split("\n")) {
    const match = /^([^#\s]+(?:\{.*\})?) (\S+)$/.exec(line);
    if (match !== null) samples.set(match[1] ?? "", Number(match[2]));
  }
  return samples;
}

export function figures(queue: string, part: Partial<QueueFigures> = {}): QueueFigures {
  return {
    ...{ queue, messages: 0, dueNow: 0, inFlight: 0, quarantined: 0, oldestAgeMs: 0, workers: 0 },
    ...{ paused: false, openBreakers: 0, heldKeys: 0, damaged: false },
    ...part,
  };
}

const PARTITIONS = 16;
const partitionOf = (name: string) => (name.charCodeAt(0) + name.length) % PARTITIONS;

/** A store with these queues. Each read takes what they are then. */
export function sourceOf(queues: () => readonly QueueFigures[]): QueueFigureSource {
  const names = () => queues().map(({ queue }) => queue);
  return {
    partitions: PARTITIONS,
    first: async (most) => names().toSorted().slice(0, most),
    async namesIn(partitions) {
      const found = Map.groupBy(names(), partitionOf);
      return partitions.map((partition) => found.get(partition) ?? []);
    },
    async existingOf(wanted) {
      const found = new Set(names());
      return new Set(wanted.filter((name) => found.has(name)));
    },
    async read(wanted) {
      const found = new Map(queues().map((one) => [one.queue, one]));
      return wanted.map((name) => found.get(name) ?? figures(name));
    },
  };
}
