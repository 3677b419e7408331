import { isPaused } from "../../core/delivery-status.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { QueueSizes, Store } from "../../store/contract.ts";

/** What metrics show of a queue. */
export interface QueueFigures {
  readonly queue: string;
  /** Stored, in any state. */
  readonly messages: number;
  readonly dueNow: number;
  readonly inFlight: number;
  readonly quarantined: number;
  /** Age of the oldest message; 0: there is none. */
  readonly oldestAgeMs: number;
  /** Open streams, on all servers. */
  readonly workers: number;
  readonly paused: boolean;
  /** Breakers that are not closed, of the queue or of its keys. */
  readonly openBreakers: number;
  /** Ordering keys that wait behind a quarantined message. */
  readonly heldKeys: number;
  /** Its data is damaged: all counts are 0, and none is known. */
  readonly damaged: boolean;
}

/** Reads names and figures of queues, some in each call. */
export interface QueueFigureSource {
  /** Number of partitions. Each queue is in one of them, counted from 0, and stays there. */
  readonly partitions: number;
  /** The first names in order. */
  first(most: number): Promise<readonly string[]>;
  namesIn(partitions: readonly number[]): Promise<readonly (readonly string[])[]>;
  existingOf(queues: readonly string[]): Promise<ReadonlySet<string>>;
  read(queues: readonly string[]): Promise<readonly QueueFigures[]>;
}

export interface QueueFiguresParts {
  store: Pick<Store, "queues" | "queuesIn" | "partitions" | "existingOf" | "sizes">;
  settingsOf(queue: string): QueueSettings;
}

export function createQueueFigures({ store, settingsOf }: QueueFiguresParts): QueueFigureSource {
  return {
    partitions: store.partitions,
    first: (most) => store.queues("", most),
    namesIn: (partitions) => store.queuesIn(partitions),
    existingOf: (queues) => store.existingOf(queues),
    async read(queues) {
      const sizes = await store.sizes(queues);
      return sizes.map((one, index) => {
        const queue = queues[index] ?? "";
        return figuresOf(queue, one, settingsOf(queue));
      });
    },
  };
}

const NOTHING: QueueSizes = {
  ...{ nowMs: 0, messages: 0, dueNow: 0, inFlight: 0, quarantined: 0, oldestAtMs: undefined },
  ...{ openBreakers: 0, heldKeys: 0, workers: 0, quietWorkers: 0 },
};

function figuresOf(
  queue: string,
  found: QueueSizes | undefined,
  settings: QueueSettings,
): QueueFigures {
  const { nowMs, oldestAtMs, openBreakers, quietWorkers: _, ...sizes } = found ?? NOTHING;
  return {
    ...sizes,
    damaged: found === undefined,
    queue,
    oldestAgeMs: oldestAtMs === undefined ? 0 : Math.max(0, nowMs - oldestAtMs),
    paused: found !== undefined && isPaused(settings, nowMs),
    // A breaker that the settings no longer have blocks nothing.
    openBreakers: settings.breaker === "off" ? 0 : openBreakers,
  };
}
