import { setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type {
  WatchEventsRequestSchema,
  WatchEventsResponse,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { Event, EventGap, EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import { escaped } from "../output/escape.ts";
import { durationText } from "../output/times.ts";
import type { Run } from "../run.ts";

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

/** Errors after which another call would fail, too. */
const LASTING: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.Unimplemented,
]);
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
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
      for await (const response of responsesOf(run, request)) {
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
      throw ENDED;
    } catch (error) {
      if (run.signal.aborted) return;
      // Another version of the server may not accept the token: the time is as good, but slower.
      if (resumeToken !== "" && isRefused(error)) resumeToken = "";
      else if (!isBegun || isLasting(error)) throw error;
      if (failures === 0) run.print.note(`Stream ended${whyEnded(run, error)}; reconnecting.`);
    }
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures++, 10));
    await delay(pauseMs, undefined, { signal: run.signal }).catch(() => {});
  }
}

/** The responses of one call. The first one must come within the time limit of calls. */
async function* responsesOf(
  run: Run,
  request: MessageInitShape<typeof WatchEventsRequestSchema>,
): AsyncGenerator<WatchEventsResponse> {
  const { timeoutMs } = run.call;
  const late = new AbortController();
  const timer = timeoutMs > 0 ? setTimeout(() => late.abort(), timeoutMs) : undefined;
  const signal = AbortSignal.any([run.signal, late.signal]);
  try {
    for await (const response of run.dlq.watchEvents(request, { ...run.stream, signal })) {
      clearTimeout(timer);
      yield response;
    }
  } catch (error) {
    if (!late.signal.aborted) throw error;
    throw new ConnectError(`no answer in ${durationText(timeoutMs)}`, Code.DeadlineExceeded);
  } finally {
    clearTimeout(timer);
  }
}

const isRefused = (error: unknown) =>
  error instanceof ConnectError && /^resume_token\b/.test(error.rawMessage);

const isLasting = (error: unknown) => !(error instanceof ConnectError) || LASTING.has(error.code);

/** An end without an error, as some proxies make it. */
const ENDED = new ConnectError("it ended the stream", Code.Unavailable);

function whyEnded(run: Run, error: unknown): string {
  if (error === ENDED) return "";
  const explained = run.explain(error);
  return `: ${escaped(explained instanceof Error ? explained.message : String(explained))}`;
}

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
