import type { Happened } from "../../history/published.ts";

/** The last token of the subject of a notice. */
export const EVENTS_MISSED = "events_missed";

/** A notice that changes of a queue's partition were removed before their events were published. */
export interface Notice {
  readonly partition: number;
  /** Of the last change before it. */
  readonly epoch: number;
  /** The number of the first removed change. */
  readonly from: number;
  readonly missed: number;
  readonly queue: string;
}

/** Returns the notice that a message of the stream is. Undefined: it is an event, or a notice of another kind. */
export function noticeIn(body: Readonly<Record<string, unknown>>): Notice | undefined {
  if (body.event_type !== EVENTS_MISSED) return undefined;
  const found = /^([0-9a-f]{2})-(\d+)-(\d+)-missed-(.+)$/.exec(String(body.event_id));
  if (found === null) return undefined;
  const [, partition = "", epoch, from, queue = ""] = found;
  return {
    partition: Number.parseInt(partition, 16),
    epoch: Number(epoch),
    from: Number(from),
    missed: Number(body.missed_count),
    queue,
  };
}

/** Reports whether a notice is about the change of an event. */
export function covers({ partition, epoch, from, missed }: Notice, event: Happened): boolean {
  return (
    event.partition === partition &&
    event.epoch >= epoch &&
    event.number >= from &&
    event.number < from + missed
  );
}

/** The notices of a stream. */
export class Notices {
  readonly all: Notice[] = [];

  take(body: Readonly<Record<string, unknown>>): void {
    const notice = noticeIn(body);
    if (notice !== undefined) this.all.push(notice);
  }

  /** Reports whether consumers of its queue were notified that an event may be missing. */
  announces(event: Happened): boolean {
    return this.all.some((notice) => notice.queue === event.queue && covers(notice, event));
  }
}
