import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Pause,
  PauseSchema,
  type Queue,
  QueueConfigSchema,
} from "../../../../gen/dlq/v1/queue_pb.ts";
import { escaped } from "../output/escape.ts";
import type { Times } from "../output/times.ts";
import { requireQueues } from "../reads/known-queues.ts";
import { storeTimeMs } from "../reads/store-time.ts";
import type { Run } from "../run.ts";
import { parseFutureTime } from "../values/time.ts";
import { changeQueue, printChange, readQueue } from "./change.ts";

/** Options of `queue pause`. */
export interface PauseOptions {
  readonly reason?: string;
  /** How long, or until when. */
  readonly until?: string;
}

/** Stops delivery of a queue. @throws {CliError} for an unknown queue, and for a time that is not to come */
export async function pauseQueue(run: Run, name: string, options: PauseOptions): Promise<void> {
  const { reason = "", until } = options;
  await requireQueues(run, [name]);
  const untilMs = until === undefined ? undefined : parseFutureTime(until, await storeTimeMs(run));
  const pause = create(PauseSchema, {
    ...{ paused: true, reason },
    ...(untilMs !== undefined && { until: timestampFromMs(untilMs) }),
  });
  await setPause(run, name, pause);
}

/** Ends a pause, also one of the configuration. @throws {CliError} for an unknown queue */
export async function resumeQueue(run: Run, name: string): Promise<void> {
  await requireQueues(run, [name]);
  await setPause(run, name, create(PauseSchema));
}

async function setPause(run: Run, name: string, pause: Pause): Promise<void> {
  const { print } = run;
  const change = { config: create(QueueConfigSchema, { pause }), paths: ["pause"] };
  const before = await readQueue(run, name);
  const now = await changeQueue(run, before, change);
  if (print.isTable) print.lines([resultText(before, now, print.times())]);
  else printChange(run, before, now, change);
}

function resultText(before: Queue, now: Queue, times: Times): string {
  const was = before.effectiveConfig?.pause;
  const is = now.effectiveConfig?.pause;
  const name = escaped(now.name);
  if (is?.paused === true) {
    const replaced = was?.paused === true ? `; before: ${pauseText(was, times)}` : "";
    return `${name} is ${pauseText(is, times)}${replaced}.`;
  }
  return was?.paused === true
    ? `${name} delivers again; it was ${pauseText(was, times)}.`
    : `${name} was not paused.`;
}

function pauseText({ reason, until }: Pause, times: Times): string {
  const end = until === undefined ? "" : ` until ${times.both(until)}`;
  return `paused${end}${reason === "" ? "" : `, because: ${escaped(reason)}`}`;
}
