import type { QueueSizes } from "../../contract.ts";
import { partitionBase } from "../keys.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { optionalMs, Reader } from "../packed/reader.ts";
import { partitionOf } from "../partitions.ts";
import { pagesOf, runAll, type ScriptRunnerParts } from "../script-runner.ts";
import { scriptArgs } from "../scripts.ts";
import { nodeOf, roomOf } from "./stats.ts";

/** Queues of one run: other calls wait for it, one or two milliseconds. */
const QUEUES_A_RUN = 64;
/** Runs for fewer queues share calls. */
const SMALL_RUN_QUEUES = 16;
/** Small runs in one call. */
const SMALL_RUNS_A_CALL = 16;

type Sizes = Buffer | [Buffer, Buffer[]];

/** Reads the queues of each partition together, one call after the other. Undefined: the data of a queue is damaged. */
export async function runSizes(
  { connection, prefix }: ScriptRunnerParts,
  queues: readonly string[],
  isAlive: (nodeId: string) => boolean,
): Promise<(QueueSizes | undefined)[]> {
  const numbered = queues.map((queue, at) => ({ queue, at }));
  const runs = [...Map.groupBy(numbered, ({ queue }) => partitionOf(queue))].flatMap(
    ([partition, own]) =>
      pagesOf(own, QUEUES_A_RUN).map((page) => ({
        page,
        base: partitionBase(prefix, partition),
        args: scriptArgs("sizes", {}, page),
      })),
  );
  const found: (QueueSizes | undefined)[] = [];
  const note = (page: readonly { at: number }[], replies: unknown) => {
    if (replies instanceof Error) throw replies;
    page.forEach(({ at }, index) => {
      found[at] = sizesOf((replies as Sizes[])[index] as Sizes, isAlive);
    });
  };
  const isSmall = ({ page }: (typeof runs)[number]) => page.length < SMALL_RUN_QUEUES;
  for (const { page, base, args } of runs.filter((run) => !isSmall(run))) {
    note(page, await connection.run("sizes", base, args));
  }
  for (const together of pagesOf(runs.filter(isSmall), SMALL_RUNS_A_CALL)) {
    const replies = await runAll(connection, "sizes", together);
    together.forEach(({ page }, index) => {
      note(page, replies[index]);
    });
  }
  return found;
}

function sizesOf(reply: Sizes, isAlive: (nodeId: string) => boolean): QueueSizes | undefined {
  const [packed, entries = []] = Array.isArray(reply) ? reply : [reply];
  if (packed.length === 0) return undefined;
  const { now, oldest, ...sizes } = new Reader(packed).read(LAYOUTS.sizes);
  const open = entries.map(String).filter((entry) => isAlive(nodeOf(entry)));
  const quietWorkers = open.filter((entry) => roomOf(entry).quiet).length;
  const workers = open.length - quietWorkers;
  return { ...sizes, nowMs: now, oldestAtMs: optionalMs(oldest), workers, quietWorkers };
}
