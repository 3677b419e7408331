import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type BatchJob, BatchJobState } from "../../../../gen/dlq/v1/batch_job_pb.ts";
import { sliceText } from "./canary-lines.ts";
import { escaped } from "./escape.ts";
import { jobStateName } from "./job-lines.ts";
import { countedText, countText, rateText } from "./numbers.ts";
import { durationText } from "./times.ts";

/** Rates are those of this time. */
const WINDOW_MS = 10_000;

/** Describes how far a job is, on one line. */
export class JobProgress {
  #points: { readonly atMs: number; readonly count: number }[] = [];

  /** Returns how far it is: `j-2 RUNNING: 200 of 1,204`. */
  stand({ id, state, counts, queue, problem, slices }: BatchJob): string {
    const slice = slices.at(-1);
    if (state === BatchJobState.CANARY && slice !== undefined && slice.endTime === undefined)
      return `${id} ${sliceText(slice)}`;
    const found = `${countText(counts?.selectedCount ?? 0n)} found`;
    const place = queue === "" ? "" : `, now in ${escaped(queue)}`;
    const text =
      state === BatchJobState.COUNTING
        ? `${countedText(counts?.examinedCount ?? 0n, "message")} examined, ${found}${place}`
        : `${countText(handled(counts))} of ${countText(counts?.selectedCount ?? 0n)}`;
    const why = problem === "" ? "" : `; ${escaped(problem)}`;
    const hint = state === BatchJobState.PAUSED ? `; \`dlq jobs resume ${id}\` continues it` : "";
    return `${id} ${jobStateName(state)}: ${text}${why}${hint}`;
  }

  /** Returns the same with the rate and the time that is left: `…, 190/s, 5s left`. */
  withRate(job: BatchJob): string {
    const { state, counts, updateTime } = job;
    if (state !== BatchJobState.RUNNING || updateTime === undefined) {
      this.#points = [];
      return this.stand(job);
    }
    const point = { atMs: timestampMs(updateTime), count: handled(counts) };
    this.#points = [
      ...this.#points.filter(({ atMs }) => atMs >= point.atMs - WINDOW_MS && atMs < point.atMs),
      point,
    ];
    const [first = point] = this.#points;
    const seconds = (point.atMs - first.atMs) / 1_000;
    const rate = seconds > 0 ? (point.count - first.count) / seconds : 0;
    if (rate <= 0) return this.stand(job);
    const leftMs = ((Number(counts?.selectedCount ?? 0n) - point.count) / rate) * 1_000;
    return `${this.stand(job)}, ${rateText(rate)}/s, ${durationText(Math.max(0, leftMs))} left`;
  }
}

/** Messages that need nothing more. */
function handled(counts: BatchJob["counts"]): number {
  const refused = (counts?.refused ?? []).reduce((sum, { count }) => sum + count, 0n);
  return Number((counts?.doneCount ?? 0n) + refused);
}
