import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import type { Event, EventGap, EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import type { Run } from "../run.ts";
import { isLasting, pauseAfter, responsesInTime, STREAM_ENDED, whyEnded } from "./streams.ts";

/** Which events to follow. */
export interface EventQuery {
  /** Queues and patterns. Empty: all queues. */
  readonly queues: readonly string[];
  /** Empty: all but `delivered`. */
  readonly types: readonly EventType[];
  readonly filter: string;
  /** Where to begin, in ms since 1970. Undefined: now. */
  readonly sinceMs: number | undefined;
}

/** The next events, and what is missing before them. */
export interface ReceivedEvents {
  readonly events: readonly Event[];
  readonly gap: EventGap | undefined;
  /** Events before this time were removed, although they were asked for. */
  readonly keptSince: Timestamp | undefined;
  /** Whether all events before the call have come with these. */
  readonly caughtUp: boolean;
}

/** Events of one queue may come later than younger ones of another. */
const OVERLAP_MS = 10_000;

/**
 * Yields each event once until Ctrl-C. When the server ends the stream or is unavailable, it reconnects and continues, and notes
 * both on stderr. Rejects if the first call fails, or a later one fails for a lasting reason.
 */
export async function* followEvents(run: Run, query: EventQuery): AsyncGenerator<ReceivedEvents> {
  const shown = new RecentIds();
  let { sinceMs } = query;
  let resumeToken = "";
  let isBegun = false;
  let isPast = true;
  let failures = 0;
  while (!run.signal.aborted) {
    const request = {
      ...{ queues: [...query.queues], types: [...query.types], filter: query.filter, resumeToken },
      // Counts where the token does not cover a queue.
      ...(sinceMs !== undefined && { startTime: timestampFromMs(sinceMs) }),
    };
    try {
      for await (const response of responsesInTime(run, (options) =>
        run.dlq.watchEvents(request, options),
      )) {
        if (failures > 0) run.print.note("Reconnected; continuing.");
        failures = 0;
        isBegun = true;
        const { events, gap, keptSince, caughtUp } = response;
        yield { events: events.filter(({ id }) => shown.add(id)), gap, keptSince, caughtUp };
        if (response.resumeToken !== "") resumeToken = response.resumeToken;
        sinceMs ??= Date.now();
        isPast &&= !caughtUp;
        // Older events of other queues may follow.
        const time = isPast ? undefined : events.at(-1)?.time;
        if (time !== undefined) sinceMs = Math.max(sinceMs, timestampMs(time) - OVERLAP_MS);
      }
      throw STREAM_ENDED;
    } catch (error) {
      if (run.signal.aborted) return;
      // Another version of the server may not accept the token: the time is as good, but slower.
      if (resumeToken !== "" && isRefused(error)) resumeToken = "";
      else if (!isBegun || isLasting(error)) throw error;
      if (failures === 0) run.print.note(`Stream ended${whyEnded(run, error)}; reconnecting.`);
    }
    await pauseAfter(run, failures++);
  }
}

const isRefused = (error: unknown) =>
  error instanceof ConnectError && /^resume_token\b/.test(error.rawMessage);

/** More than the events between two tokens, which come again. */
const MOST_IDS = 50_000;

/** Remembers the latest ids. */
class RecentIds {
  readonly #ids = new Set<string>();

  /** Reports whether the id is new, and remembers it. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const [oldest = ""] = this.#ids.size > MOST_IDS ? this.#ids : [];
    this.#ids.delete(oldest);
    return true;
  }
}
