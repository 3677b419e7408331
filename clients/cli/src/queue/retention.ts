import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import type { Queue } from "../../../../gen/dlq/v1/queue_pb.ts";
import { confirm } from "../confirm.ts";
import { countedText } from "../output/numbers.ts";
import { countMessages } from "../reads/counts.ts";
import { sampleLines } from "../reads/sample.ts";
import type { Run } from "../run.ts";
import { durationLiteral } from "../values/filter.ts";
import type { SettingChange } from "./fields.ts";

const PATH = "quarantine_retention";

/**
 * Asks before a shorter quarantine_retention removes messages that are stored now. Reports whether to go on.
 *
 * @throws {CliError} if nobody can be asked and `yes` is not given
 */
export async function confirmRetention(
  run: Run,
  before: Queue,
  { config, paths }: SettingChange,
  yes: boolean | undefined,
): Promise<boolean> {
  if (!paths.includes(PATH)) return true;
  const queue = before.name;
  const wasMs = retentionMs(before.effectiveConfig?.quarantineRetention);
  const newMs = config.quarantineRetention && retentionMs(config.quarantineRetention);
  if (newMs === undefined && before.config?.quarantineRetention === undefined) return true;
  if (newMs !== undefined && newMs >= wasMs) return true;
  // What the next level says is not known before: any quarantined message may be too old for it.
  const age = newMs === undefined ? "" : ` && state_time < now - ${durationLiteral(newMs)}`;
  const filter = `state == "QUARANTINED"${age}`;
  const { counts } = await countMessages(run, { queue, filter, by: [] });
  const count = counts.reduce((sum, one) => sum + one.count, 0n);
  if (count === 0n) return true;
  const which = newMs === undefined ? "may be too old" : "are too old";
  return confirm(run, {
    what: `${countedText(count, "quarantined message")} of ${queue} ${which} for the new ${PATH} and would be removed for good`,
    sample: await sampleLines(run, { queue, filter, count }),
    question: "Change it?",
    purpose: "change it",
    refusal: "nothing was changed",
    yes,
  });
}

/** Without an end, and 0: forever. */
function retentionMs(retention: Duration | undefined): number {
  return (retention === undefined ? 0 : durationMs(retention)) || Infinity;
}
