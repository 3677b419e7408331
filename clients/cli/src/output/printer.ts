import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { usageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { escapedJson } from "./escape.ts";
import { fullJson } from "./full-json.ts";
import { countedText } from "./numbers.ts";
import { Progress } from "./progress.ts";
import { type Style, styleFor } from "./style.ts";
import { type Column, leftOutColumns, tableLines } from "./table.ts";
import { Times } from "./times.ts";
import { columnsOf } from "./width.ts";

export const FORMATS = ["table", "json", "jsonl"] as const;
export type Format = (typeof FORMATS)[number];

/** Writes the results of a command in the format that the user wants. */
export class Printer {
  readonly format: Format;
  readonly style: Style;
  readonly #io: Io;

  /** @throws {CliError} for an unknown format */
  constructor(io: Io, format = "table") {
    const known = FORMATS.find((name) => name === format);
    if (known === undefined) throw usageError(`--output is "${format}"; use ${FORMATS.join(", ")}`);
    this.format = known;
    this.#io = io;
    this.style = styleFor(io.stdout, io.env);
  }

  get isTable(): boolean {
    return this.format === "table";
  }

  /** Whether a person reads the results now. */
  get isTerminal(): boolean {
    return this.#io.stdout.isTTY === true;
  }

  /** Width of the terminal; undefined: the output is no terminal. */
  get width(): number | undefined {
    return this.isTerminal ? columnsOf(this.#io.stdout) : undefined;
  }

  /** How to show times: as ages on a terminal, else exact. */
  times(nowMs = Date.now()): Times {
    return new Times(nowMs, !this.isTerminal);
  }

  /** Prints lines. Stored texts in them must be escaped. */
  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#io.stdout.write(`${lines.join("\n")}\n`);
  }

  /** Prints a table. On a terminal it says on stderr which columns have no room. */
  table<T>(columns: readonly Column<T>[], rows: readonly T[]): void {
    this.lines(tableLines(columns, rows, this.style, this.width));
    const leftOut = leftOutColumns(columns, this.width);
    if (leftOut.length > 0)
      this.note(`Not shown in ${countedText(this.width ?? 0, "column")}: ${leftOut.join(", ")}.`);
  }

  /** Prints an answer of the service as JSON of protobuf. */
  message<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): void {
    this.json(fullJson(schema, message));
  }

  /**
   * Prints an answer: whole for `json`, its items one a line for `jsonl`. Returns whether it was printed: a table is
   * the command's own work.
   */
  answer<Answer extends DescMessage, Item extends DescMessage>(
    schema: Answer,
    answer: MessageShape<Answer>,
    itemSchema: Item,
    items: readonly MessageShape<Item>[],
  ): boolean {
    if (this.format === "json") this.message(schema, answer);
    else if (this.format === "jsonl") for (const item of items) this.message(itemSchema, item);
    return !this.isTable;
  }

  /** The same for items that no answer of the service has as a whole; `json` has them under a name. */
  items(name: string, items: readonly unknown[]): boolean {
    if (this.format === "json") this.json({ [name]: items });
    else if (this.format === "jsonl") for (const item of items) this.jsonLine(item);
    return !this.isTable;
  }

  /** Prints one JSON value: of several lines for `json`, else of one. */
  json(value: unknown): void {
    if (this.format !== "json") this.jsonLine(value);
    else this.#io.stdout.write(`${escapedJson(JSON.stringify(value, undefined, 2))}\n`);
  }

  /** Prints one JSON value on one line. */
  jsonLine(value: unknown): void {
    this.#io.stdout.write(`${escapedJson(JSON.stringify(value))}\n`);
  }

  /** Prints a line for the person at the terminal, beside the results: on stderr. */
  note(text: string): void {
    this.#io.stderr.write(`${text}\n`);
  }

  /** Prints each of the notes that is not empty. */
  notes(texts: readonly string[]): void {
    for (const text of texts) if (text !== "") this.note(text);
  }

  /** Returns a line on stderr that shows progress, on a terminal only. */
  progress(): Progress {
    return new Progress(this.#io.stderr);
  }
}
