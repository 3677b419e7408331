import { createReadStream, existsSync } from "node:fs";
import { type Command, Option } from "commander";
import { addCommand, type WithRun } from "../command.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../errors.ts";
import { escaped } from "../output/escape.ts";
import { countedText } from "../output/numbers.ts";
import type { CommonOptions, Run } from "../run.ts";
import { type ExportHeader, exportLines } from "../transfer/export-lines.ts";
import {
  type ImportProgress,
  readProgress,
  removeProgress,
  writeProgress,
} from "../transfer/import-progress.ts";
import { Importer, type Refused } from "../transfer/importer.ts";
import { TransferProgress } from "../transfer/transfer-progress.ts";

interface Options extends CommonOptions {
  readonly queue?: string;
  readonly dryRun?: true;
  readonly resume?: true;
  readonly partial?: true;
}

/** Refused messages that are printed one by one. */
const SHOWN = 20;

/** Adds `import`: stores the messages of an export. */
export function addImport(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "import <file>",
    summary: "Store the messages of `dlq export`",
    details:
      "FILE - is stdin. A file is checked as a whole before anything is stored; stdin only at its end. Repeats store nothing twice for 7 days.",
    examples: [
      ["dlq import all.jsonl --dry-run", "check the file, and what would happen"],
      ["dlq import all.jsonl", "into the queues that the messages were in"],
      ["dlq import all.jsonl --resume", "continue after an interruption"],
      [
        "zstd -dc orders.jsonl.zst | dlq import - --queue orders-restored",
        "from stdin into one queue",
      ],
    ],
    options(command) {
      command.addOption(new Option("--queue <queue>", "put all messages into this queue"));
      command.addOption(new Option("--dry-run", "check all messages and store nothing"));
      command.addOption(
        new Option("--resume", "skip what an interrupted import of the file has done"),
      );
      command.addOption(
        new Option("--partial", "import also an export that was interrupted and has no end"),
      );
    },
    run: async (run, options, [file = ""]) => {
      const isStdin = file === "-";
      if (isStdin && options.resume === true)
        throw usageError(
          "--resume needs a file",
          "without it, an import from stdin repeats nothing",
        );
      const total = isStdin ? undefined : await check(run, file, options.partial === true);
      return importFrom(run, options, file, total);
    },
  });
}

/** Reads a file to its end. Returns its messages. @throws {CliError} if it is no whole export */
async function check(run: Run, file: string, isPartial: boolean): Promise<number> {
  if (!existsSync(file)) throw usageError(`there is no file ${file}`);
  let messages = 0;
  for await (const line of exportLines(createReadStream(file))) {
    run.signal.throwIfAborted();
    if (line.kind === "missing end" && !isPartial) throw missingEnd();
    if (line.kind === "end" || line.kind === "missing end") messages = line.messages;
  }
  return messages;
}

const missingEnd = () =>
  usageError(
    "the export has no end: it was interrupted, and messages are missing",
    "`dlq export --file FILE --resume` completes it; --partial imports what it has",
  );

async function importFrom(
  run: Run,
  options: Options,
  file: string,
  total: number | undefined,
): Promise<ExitCode> {
  const isStdin = file === "-";
  const { queue = "", dryRun = false } = options;
  const before = options.resume === true ? readProgress(file) : undefined;
  const progress = new TransferProgress(run.print.progress(), {
    ...{ what: "imported", total, skipped: before ? countOf(before) : 0 },
  });
  const refusals: Refused[] = [];
  let importer: Importer | undefined;
  let state: ImportProgress | undefined = before;
  const flush = async (lines: number) => {
    if (importer === undefined) return;
    await importer.flush();
    if (before !== undefined && importer.storeId !== "" && before.storeId !== importer.storeId)
      throw otherImport(`into the store ${before.storeId}; this one is ${importer.storeId}`);
    const { imported, alreadyThere, refused, storeId } = importer;
    state = {
      ...{ exportId: state?.exportId ?? "", queue, storeId, lines },
      imported: imported + (before?.imported ?? 0),
      alreadyThere: alreadyThere + (before?.alreadyThere ?? 0),
      refused: refused + (before?.refused ?? 0),
    };
    if (!isStdin && !dryRun) writeProgress(file, state);
    progress.show(countOf(state));
    run.signal.throwIfAborted();
  };
  try {
    const source = isStdin ? run.io.stdin : createReadStream(file);
    for await (const line of exportLines(source)) {
      run.signal.throwIfAborted();
      if (line.kind === "header") {
        checkBefore(before, line.header, queue);
        state ??= { ...NOTHING, exportId: line.header.id, queue };
        const query = { importId: line.header.id, queue, dryRun };
        importer = new Importer(run, query, (refused) => {
          if (refusals.length < SHOWN) refusals.push(refused);
        });
      } else if (line.kind === "message" && line.number > (before?.lines ?? 0)) {
        if (importer?.hasRoomFor(line.text) === false) await flush(line.number - 1);
        importer?.add(line.number, line.text);
      } else if (line.kind === "end" || line.kind === "missing end") {
        await flush(line.number);
        if (line.kind === "missing end" && isStdin && options.partial !== true) throw missingEnd();
      }
    }
  } catch (error) {
    progress.end();
    report(run, state, refusals, dryRun);
    const isBegun = state !== undefined && countOf(state) > 0 && !isStdin && !dryRun;
    if (isBegun) run.print.note("--resume continues the import.");
    if (run.signal.aborted) return EXIT.interrupted;
    throw error;
  }
  progress.end();
  report(run, state, refusals, dryRun);
  if (!isStdin && !dryRun) removeProgress(file);
  return (state?.refused ?? 0) === 0 ? EXIT.ok : EXIT.failed;
}

const NOTHING = { storeId: "", lines: 0, imported: 0, alreadyThere: 0, refused: 0 };

const countOf = ({ imported, alreadyThere, refused }: ImportProgress) =>
  imported + alreadyThere + refused;

function checkBefore(before: ImportProgress | undefined, { id }: ExportHeader, queue: string) {
  if (before === undefined) return;
  if (before.exportId !== id) throw otherImport("of another export in this file");
  if (before.queue !== queue)
    throw otherImport(`into ${before.queue === "" ? "the messages' own queues" : before.queue}`);
}

const otherImport = (which: string) =>
  new CliError(
    EXIT.usage,
    `the interrupted import was ${which}`,
    "import without --resume: it stores nothing twice",
  );

function report(
  { print }: Run,
  state: ImportProgress | undefined,
  refusals: readonly Refused[],
  dryRun: boolean,
): void {
  if (state === undefined) return;
  const { imported, alreadyThere, refused } = state;
  if (!print.isTable) {
    print.json({ dryRun, imported, alreadyThere, refused, refusals });
    return;
  }
  const counts: [string, number][] = [
    [dryRun ? "Would be imported" : "Imported", imported],
    ["Already there", alreadyThere],
    ["Refused", refused],
  ];
  print.lines(
    counts
      .filter(([, count], index) => index === 0 || count > 0)
      .map(([what, count]) => `${what}: ${countedText(count, "message")}`),
  );
  for (const { line, id, error } of refusals)
    print.note(escaped(`line ${line}${id === "" ? "" : `, ${id}`}: ${error}`));
  if (refused > refusals.length)
    print.note(`${countedText(refused - refusals.length, "further message")} refused.`);
}
