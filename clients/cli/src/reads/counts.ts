import type { CountMessagesResponse } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { CliError, EXIT } from "../errors.ts";
import { countedText } from "../output/numbers.ts";
import type { Run } from "../run.ts";

/** What to count. */
export interface CountQuery {
  /** A queue or a pattern. Empty: all queues. */
  readonly queue: string;
  readonly filter: string;
  /** CEL expressions. */
  readonly by: string[];
  readonly showRedacted?: boolean;
}

/** Returns the last counts: those so far, and not `done`, if Ctrl-C ended it. */
export async function countMessages(run: Run, request: CountQuery): Promise<CountMessagesResponse> {
  const progress = run.print.progress();
  let latest: CountMessagesResponse | undefined;
  try {
    for await (const counts of run.admin.countMessages(request, run.stream)) {
      latest = counts;
      const place = counts.queue === "" ? "" : `, now in ${counts.queue}`;
      progress.show(`examined ${countedText(counts.examinedCount, "message")}${place}`);
    }
  } catch (error) {
    if (!run.signal.aborted || latest === undefined) throw error;
  } finally {
    progress.end();
  }
  if (latest === undefined) throw new CliError(EXIT.failed, "the service sent no counts");
  return latest;
}
