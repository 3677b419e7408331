import type { Command } from "commander";
import { QuietWorkerResponseSchema } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { lookUp } from "../call-errors.ts";
import { addCommand, type WithRun } from "../command.ts";

/** Adds `quiet`: gives a worker no further messages. */
export function addQuiet(program: Command, withRun: WithRun): void {
  addCommand<{ readonly off?: true }>(program, withRun, {
    usage: "quiet <session>",
    summary: "Give a worker no further messages, or let it have them again",
    details:
      "SESSION is the session of a worker, as `dlq workers` shows it. The worker keeps what it holds, and may acknowledge and extend it.",
    examples: [
      ["dlq quiet 01a21eee-752a-4000-8000-000c64f1d2b3", "make one quiet"],
      ["dlq quiet 01a21eee-752a-4000-8000-000c64f1d2b3 --off", "let it take messages again"],
    ],
    options: (command) => command.option("--off", "let it take messages again"),
    run: async (run, { off }, [sessionId = ""]) => {
      const { print } = run;
      const quiet = off !== true;
      const call = run.admin.quietWorker({ sessionId, quiet }, run.call);
      const answer = await lookUp("session", sessionId, call);
      if (!print.isTable) print.message(QuietWorkerResponseSchema, answer);
      else {
        const state = quiet ? "gets no further messages" : "gets messages";
        print.lines([answer.changed ? `It ${state} now.` : `It ${state} already.`]);
      }
    },
  });
}
