import { randomUUID } from "node:crypto";
import { toJson } from "@bufbuild/protobuf";
import { type Command, Option } from "commander";
import { ExportedMessageSchema } from "../../../../gen/dlq/v1/exported_message_pb.ts";
import { addCommand, QUEUE_HELP, type WithRun } from "../command.ts";
import { EXIT, type ExitCode, usageError } from "../errors.ts";
import { countedText } from "../output/numbers.ts";
import { selectionOf } from "../reads/groups.ts";
import { requireQueues } from "../reads/known-queues.ts";
import { readStats } from "../reads/stats.ts";
import type { CommonOptions, Run } from "../run.ts";
import { type ExportTarget, toBegunFile, toNewFile, toOutput } from "../transfer/export-file.ts";
import { FORMAT_VERSION } from "../transfer/export-lines.ts";
import { TransferProgress } from "../transfer/transfer-progress.ts";
import { Patience } from "../transfer/unavailable.ts";
import type { FilterOptions } from "../values/filter.ts";
import { addFilterOptions } from "./filter-options.ts";

interface Options extends FilterOptions, CommonOptions {
  readonly file?: string;
  readonly resume?: true;
  readonly showRedacted?: true;
}

/** What an export selects. */
interface Query {
  readonly queue: string;
  readonly filter: string;
  readonly showRedacted: boolean;
}

/** Adds `export`: whole messages into a file. */
export function addExport(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "export [queue]",
    summary: "Write whole messages to a file for `dlq import`",
    details: `${QUEUE_HELP}\nThe messages stay where they are. Without --file they go to stdout. The file has payloads: protect it.`,
    examples: [
      ["dlq export --file all.jsonl", "everything"],
      ["dlq export 'orders-*' -s quarantined --file orders.jsonl", "what is in quarantine"],
      ["dlq export --file all.jsonl --resume", "continue after an interruption"],
      ["dlq export orders | zstd > orders.jsonl.zst", "compressed; cannot be resumed"],
    ],
    options(command) {
      command.addOption(new Option("--file <file>", "the file to write; it must not exist"));
      command.addOption(
        new Option("--resume", "continue the file; it has the queue and the filter"),
      );
      addFilterOptions(command);
      command.addOption(
        new Option("--show-redacted", "also queues that redact; the server logs who asks"),
      );
    },
    run: async (run, options, [queue = ""]) => {
      const target = await targetOf(run, options);
      if (target === undefined) {
        run.print.note(`The export in ${options.file} is complete.`);
        return EXIT.ok;
      }
      try {
        const query = await queryOf(run, options, queue, target);
        return await exportTo(run, target, query, options.file);
      } finally {
        target.close();
      }
    },
  });
}

async function targetOf({ io }: Run, { file, resume }: Options): Promise<ExportTarget | undefined> {
  if (file !== undefined) return resume === true ? toBegunFile(file) : toNewFile(file);
  if (resume === true) throw usageError("--resume needs --file", "stdout cannot be continued");
  if (io.stdout.isTTY === true)
    throw usageError("an export is not for the terminal", "give --file, or redirect stdout");
  return toOutput(io.stdout);
}

async function queryOf(
  run: Run,
  options: Options,
  queue: string,
  { header }: ExportTarget,
): Promise<Query> {
  const showRedacted = options.showRedacted === true;
  if (header === undefined) {
    await requireQueues(run, [queue]);
    return { queue, filter: await selectionOf(run, options), showRedacted };
  }
  const given = await selectionOf(run, options);
  if ((queue !== "" && queue !== header.queue) || (given !== "" && given !== header.filter)) {
    const was = `queue "${header.queue}" and the filter "${header.filter}"`;
    throw usageError(
      `the file was begun with the ${was}`,
      "leave out queue and options to continue it",
    );
  }
  return { queue: header.queue, filter: header.filter, showRedacted };
}

async function exportTo(
  run: Run,
  target: ExportTarget,
  query: Query,
  file: string | undefined,
): Promise<ExitCode> {
  const before = target.checkpoint?.messages ?? 0;
  const progress = new TransferProgress(run.print.progress(), {
    what: "examined",
    total: before > 0 || !run.io.stderr.isTTY ? undefined : await totalOf(run, query.queue),
  });
  let damaged = 0n;
  try {
    damaged = await copyPages(run, target, query, progress);
  } catch (error) {
    progress.end();
    if (file !== undefined && target.checkpoint !== undefined)
      run.print.note(`${exportedText(target)} in ${file}; --resume continues it.`);
    if (run.signal.aborted) return EXIT.interrupted;
    throw error;
  }
  progress.end();
  run.print.note(`Exported: ${exportedText(target)}${file === undefined ? "" : ` in ${file}`}.`);
  if (damaged === 0n) return EXIT.ok;
  run.print.note(
    `Left out: ${countedText(damaged, "message")} with damaged content; the server's log has an id.`,
  );
  return EXIT.failed;
}

const exportedText = ({ checkpoint }: ExportTarget) =>
  countedText(checkpoint?.messages ?? 0, "message");

async function totalOf(run: Run, queue: string): Promise<number> {
  const { totalMessages } = await readStats(run, queue === "" ? [] : [queue]);
  return Number(totalMessages);
}

/** Copies what is not in the target yet. Returns how many messages were left out as damaged. */
async function copyPages(
  run: Run,
  target: ExportTarget,
  query: Query,
  progress: TransferProgress,
): Promise<bigint> {
  const patience = new Patience(run.signal);
  let [examined, damaged] = [0n, 0n];
  for (;;) {
    const resumeToken = target.checkpoint?.resumeToken ?? "";
    try {
      for await (const page of run.admin.exportMessages({ ...query, resumeToken }, run.stream)) {
        checkStore(target, page.storeId, query);
        const messages = page.messages.map((message) => toJson(ExportedMessageSchema, message));
        target.add(messages, page.resumeToken);
        examined += page.examinedCount;
        damaged += page.damagedCount;
        patience.progressed();
        if (page.resumeToken === "") return damaged;
        progress.show(Number(examined));
        run.signal.throwIfAborted();
      }
    } catch (error) {
      progress.show(Number(examined), "the server is unavailable");
      await patience.wait(error);
    }
  }
}

/** Begins the export with its first response. */
function checkStore(target: ExportTarget, storeId: string, { queue, filter }: Query): void {
  const { header } = target;
  if (header === undefined) {
    const time = new Date().toISOString();
    target.begin({ version: FORMAT_VERSION, id: randomUUID(), time, storeId, queue, filter });
  } else if (header.storeId !== storeId) {
    throw usageError(
      `the file was begun with the store ${header.storeId}, and this one is ${storeId}`,
      "check --target, or write another file",
    );
  }
}
