import type { Command } from "commander";
import { BreakLeaseResponseSchema } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { addCommand, type WithRun } from "../command.ts";
import { escaped } from "../output/escape.ts";
import { spanText } from "../output/times.ts";
import { findMessage } from "../reads/messages.ts";

/** Adds `break`: takes a message from its worker. */
export function addBreak(program: Command, withRun: WithRun): void {
  addCommand<{ readonly queue?: string }>(program, withRun, {
    usage: "break <id>",
    summary: "Take a message back from a worker that hangs: it is due at once",
    details:
      "A later outcome of that worker does not count, but it may still be processing the message: two workers may have it at the same time.",
    examples: [["dlq break 01a21eee-752a-7000-8000-000c64f1d2b3 -q orders", "break one lease"]],
    options: (command) =>
      command.option("-q, --queue <queue>", "the queue that it is in: faster than a search"),
    run: async (run, options, [id = ""]) => {
      const { print } = run;
      const queue = options.queue ?? (await findMessage(run, id, undefined)).message?.queue ?? "";
      const answer = await run.admin.breakLease({ queue, id }, run.call);
      if (!print.isTable) print.message(BreakLeaseResponseSchema, answer);
      else if (!answer.broken) print.lines(["No worker holds it."]);
      else {
        const worker = answer.workerId === "" ? "a worker" : escaped(answer.workerId);
        print.lines([`Taken from ${worker} after ${spanText(answer.held)}; it is due now.`]);
      }
    },
  });
}
