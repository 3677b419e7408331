import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import {
  type BreakLeaseResponse,
  BreakLeaseResponseSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { lookUp } from "../call-errors.ts";
import { addCommand, type WithRun } from "../command.ts";
import { confirm } from "../confirm.ts";
import { CliError, EXIT, usageError } from "../errors.ts";
import { escaped } from "../output/escape.ts";
import { fullJson } from "../output/full-json.ts";
import { countedText, countText } from "../output/numbers.ts";
import { spanText } from "../output/times.ts";
import { type HeldMessage, heldAmong, heldByWorker } from "../reads/held.ts";
import { quietHolders } from "../reads/holders.ts";
import type { Run } from "../run.ts";
import { parseCount } from "../values/duration.ts";
import { idsOf } from "../values/ids.ts";

interface Options {
  readonly queue?: string;
  readonly delivery?: number;
  readonly worker?: string;
  readonly quiet?: true;
  readonly yes?: true;
}

/** Adds `take-back`: takes messages from their workers. */
export function addTakeBack(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "take-back [ids...]",
    summary: "Take messages back from a worker that hangs",
    details:
      "The messages are due at once, also for the same worker: first `dlq quiet SESSION`, or give --quiet. A later outcome of that worker does not count, but it may still be processing a message: two workers may have it at the same time. Only the delivery that the command sees, or that --delivery names, is taken back. `-` reads ids from stdin.",
    examples: [
      ["dlq take-back 01a21eee-752a-7000-8000-000c64f1d2b3 --quiet", "what a worker holds now"],
      [
        "dlq take-back --worker billing-1 --queue 'orders-*' --quiet",
        "all that a worker holds in these queues",
      ],
      [
        "dlq take-back 01a21eee-752a-7000-8000-000c64f1d2b3 -q orders --delivery 3",
        "the third delivery; safe to repeat",
      ],
    ],
    options: (command) =>
      command
        .option(
          "-q, --queue <queue>",
          "the queue of the ids: faster than a search; with --worker a pattern [all queues]",
        )
        .option("--worker <name>", "all that this worker holds, see `dlq workers`")
        .option("--quiet", "first make the worker quiet, so that it does not get them again")
        .option("-y, --yes", "with --worker: do not ask")
        .option(
          "--delivery <count>",
          "with --queue and one id: only this delivery, as `dlq show` counts them",
          parseCount(1),
        ),
    run: async (run, options, words) => {
      const { delivery, worker } = options;
      checkUsage(options, words);
      const ids = await idsOf(run, words);
      if (delivery !== undefined && ids.length !== 1)
        throw usageError("--delivery is for one id", "leave it out");
      const held = await heldOf(run, options, ids);
      const seen = held.filter((one) => delivery === undefined || one.deliveryCount === delivery);
      if (worker !== undefined && !(await isWanted(run, worker, seen.length, options.yes)))
        return undefined;
      const isOne = words.length === 1 && words[0] !== "-";
      await takeBack(run, seen, { isQuiet: options.quiet === true, isOne, delivery });
      return undefined;
    },
  });
}

function heldOf(
  run: Run,
  { queue, delivery, worker, quiet }: Options,
  ids: readonly string[],
): Promise<readonly HeldMessage[]> {
  if (worker !== undefined) return heldByWorker(run, worker, queue ?? "");
  if (delivery === undefined || queue === undefined || quiet === true)
    return heldAmong(run, ids, queue);
  // Nothing needs to be looked up.
  const named = ids.map((id) => ({ queue, id, deliveryCount: delivery, workerId: "" }));
  return Promise.resolve(named);
}

/** @throws {CliError} for options that contradict each other */
function checkUsage(options: Options, words: readonly string[]): void {
  const { queue, delivery, worker } = options;
  if (worker !== undefined && words.length > 0)
    throw usageError("--worker takes back all that it holds", "give ids or --worker");
  if (worker === undefined && words.length === 0)
    throw usageError("give ids, - or --worker", "`dlq ls --state in_flight` lists what is held");
  if (delivery !== undefined && queue === undefined)
    throw usageError("--delivery needs --queue", "name the queue of the message");
}

/** Reports whether to go on with what a worker holds. @throws {CliError} if nobody can be asked */
function isWanted(
  run: Run,
  worker: string,
  count: number,
  yes: true | undefined,
): Promise<boolean> {
  return confirm(run, {
    what: `${escaped(worker)} holds ${countedText(count, "message")}`,
    question: "Take them back?",
    purpose: "take them back",
    refusal: "nothing was taken back",
    yes: yes === true || count <= 1,
  });
}

interface Way {
  readonly isQuiet: boolean;
  /** Whether one id was given: then the result is that of the service. */
  readonly isOne: boolean;
  readonly delivery: number | undefined;
}

async function takeBack(
  run: Run,
  held: readonly HeldMessage[],
  { isQuiet, isOne, delivery }: Way,
): Promise<void> {
  const { print } = run;
  if (isQuiet) {
    const sessions = await quietHolders(run, held);
    const text = (id: string) =>
      `Session ${id} gets no further messages: \`dlq quiet ${id} --off\``;
    print.notes(sessions.map((id) => `${text(id)} ends that.`));
  }
  const results: (HeldMessage & { answer: BreakLeaseResponse })[] = [];
  for (const one of held) {
    const call = breakLease(run, one);
    // Among several, one may have ended meanwhile.
    const answer = await (isOne ? call : call.catch(asNotBroken));
    results.push({ ...one, answer });
  }
  const broken = results.filter(({ answer }) => answer.broken);
  if (isOne) {
    printOne(run, results[0]?.answer ?? create(BreakLeaseResponseSchema), delivery);
  } else {
    const values = results.map(({ queue, id, answer }) => ({
      ...{ queue, id },
      ...(fullJson(BreakLeaseResponseSchema, answer) as object),
    }));
    if (!print.items("results", values)) {
      const isHeld = held.length > 0;
      const count = countText(broken.length);
      print.lines([
        isHeld ? `Taken back: ${count}; due now.` : "Nothing is held; nothing was taken back.",
      ]);
    }
  }
  if (print.isTable && broken.length > 0 && !isQuiet) {
    const queue = broken[0]?.queue ?? "";
    print.note(
      `The same worker may get it again: first \`dlq quiet SESSION\`, or give --quiet. \`dlq workers ${queue}\` shows sessions.`,
    );
  }
}

async function breakLease(
  run: Run,
  { queue, id, deliveryCount }: Omit<HeldMessage, "workerId">,
): Promise<BreakLeaseResponse> {
  const call = run.admin.breakLease({ queue, id, deliveryCount }, run.call);
  return lookUp("message", id, call);
}

/** @throws what is no error that the message is gone */
function asNotBroken(error: unknown): BreakLeaseResponse {
  if (error instanceof CliError && error.exitCode === EXIT.notFound)
    return create(BreakLeaseResponseSchema);
  throw error;
}

function printOne({ print }: Run, answer: BreakLeaseResponse, delivery?: number): void {
  if (!print.isTable) print.message(BreakLeaseResponseSchema, answer);
  else print.lines([resultText(answer, delivery)]);
}

function resultText({ broken, workerId, held }: BreakLeaseResponse, delivery?: number): string {
  const which = delivery === undefined ? "it" : `delivery ${delivery} of it`;
  if (!broken) return `No worker holds ${which}.`;
  const worker = workerId === "" ? "a worker" : escaped(workerId);
  return `Taken from ${worker} after ${spanText(held)}; it is due now.`;
}
