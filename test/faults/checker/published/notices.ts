import type { Happened } from "../../history/published.ts";

/** The last token of the subject of a notice. */
export const EVENTS_MISSED = "events_missed";

/** A notice that events of a queue are missing, or that published ones did not happen. */
export interface Notice {
  readonly kind: "missed" | "undone";
  readonly partition: number;
  /** Of the last change that was published before it. */
  readonly epoch: number;
  /** The number of the first change that it is about. */
  readonly from: number;
  readonly count: number;
  readonly queue: string;
}

type Change = Pick<Happened, "partition" | "epoch" | "number">;

/** Returns the notice that a message of the stream is. Undefined: it is an event. */
export function noticeIn(body: Readonly<Record<string, unknown>>): Notice | undefined {
  if (body.event_type !== EVENTS_MISSED) return undefined;
  const id = String(body.event_id);
  const found = /^[0-9a-v]{6}-([0-9a-f]{2})-(\d+)-(\d+)-\d+-(missed|undone)-(.+)$/.exec(id);
  if (found === null) throw new Error(`a notice has the id ${id}`);
  const [, partition = "", epoch, from, kind, queue = ""] = found;
  return {
    kind: kind === "missed" ? "missed" : "undone",
    partition: Number.parseInt(partition, 16),
    epoch: Number(epoch),
    from: Number(from),
    count: Number(kind === "missed" ? body.missed_count : body.undone_count),
    queue,
  };
}

/** Reports whether a notice is about a change. Numbers of undone changes are used again, in a later epoch. */
export function covers({ kind, partition, epoch, from, count }: Notice, change: Change): boolean {
  return (
    change.partition === partition &&
    (kind === "missed" ? change.epoch >= epoch : change.epoch <= epoch) &&
    change.number >= from &&
    change.number < from + count
  );
}

/** Returns the change of an event, by its id. */
export function changeOf(eventId: string): Change | undefined {
  const found = /^[0-9a-v]{6}-([0-9a-f]{2})-(\d+)-(\d+)(?:-\d+)?$/.exec(eventId);
  if (found === null) return undefined;
  const [, partition = "", epoch, number] = found;
  return {
    partition: Number.parseInt(partition, 16),
    epoch: Number(epoch),
    number: Number(number),
  };
}

/** The notices of a stream. */
export class Notices {
  readonly all: Notice[] = [];

  take(body: Readonly<Record<string, unknown>>): void {
    const notice = noticeIn(body);
    if (notice !== undefined) this.all.push(notice);
  }

  /** Reports whether consumers of a queue were notified that events of a change are missing, or undone. */
  announce(kind: Notice["kind"], queue: string, change: Change): boolean {
    return this.all.some(
      (notice) => notice.kind === kind && notice.queue === queue && covers(notice, change),
    );
  }
}
