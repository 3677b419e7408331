// The view on a terminal: a table with bars and the latest events, redrawn several times a second.

import type { Row } from "./ledger.ts";
import { watchCommand } from "./nats.ts";
import { SERVICES } from "./services.ts";
import { type DemoEvent, type EventKind, type Scene, seconds, type View } from "./view.ts";

/** The part of node:tty's WriteStream that is used. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

const DRAW_EVERY_MS = 200;
/** Events come faster than a person can read. Between two shown events, only rare ones are added. */
const READABLE_EVERY_MS = 350;
const RARE: readonly EventKind[] = ["service", "breaker", "lost"];
const KEPT_EVENTS = 40;

export function createScreen(scene: Scene, terminal: Terminal, paint: Paint): View {
  const events: { event: DemoEvent; atMs: number }[] = [];
  let isOpen = true;
  terminal.write(ENTER);
  process.once("exit", close); // for every kind of exit
  const timer = setInterval(draw, DRAW_EVERY_MS);
  draw();

  function draw(): void {
    const { columns, rows } = terminal;
    // The last column and row stay empty: some terminals scroll or wrap there.
    const lines = frameOf({ scene, events, columns: columns - 1, rows: rows - 1, paint });
    const fitting = lines.slice(0, rows - 1).map((line) => cropped(line, columns - 1));
    terminal.write(
      HOME + fitting.map((line) => `${line}${CLEAR_LINE_END}\n`).join("") + CLEAR_BELOW,
    );
  }

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    clearInterval(timer);
    process.off("exit", close);
    terminal.write(LEAVE);
  }

  return {
    onEvent(event) {
      const atMs = scene.elapsedMs();
      const sinceLastMs = atMs - (events.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY);
      const isRare = RARE.includes(event.kind);
      if (!isRare && sinceLastMs < READABLE_EVERY_MS) return;
      events.push({ event, atMs });
      if (events.length > KEPT_EVENTS) events.shift();
    },
    onCounts() {}, // the next draw shows the counts
    close,
  };
}

export interface FrameOptions {
  readonly scene: Scene;
  readonly events: readonly { readonly event: DemoEvent; readonly atMs: number }[];
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

const NAME_WIDTH = 10;
const PROBLEM_WIDTH = 12;
/** Widths of the columns to the right of the bar: sent, waiting, due, in flight, recovered, quarantined, attempts. */
const NUMBER_WIDTHS = [5, 8, 7, 7, 7, 8, 7];
const BESIDE_BAR = NAME_WIDTH + PROBLEM_WIDTH + NUMBER_WIDTHS.reduce((sum, width) => sum + width);
const LEAST_BAR = 8;
const MOST_BAR = 40;

const COLOURS: Readonly<Partial<Record<EventKind, Colour>>> = {
  failed: "dim",
  recovered: "green",
  quarantined: "red",
  lost: "red",
  service: "cyan",
  breaker: "yellow",
};

export function frameOf({ scene, events, columns, rows, paint }: FrameOptions): string[] {
  const barWidth = Math.min(MOST_BAR, Math.max(LEAST_BAR, columns - BESIDE_BAR));
  const lines = [...headOf(scene, paint), ...tableOf(scene, barWidth, paint), ""];
  const shown = events.slice(-Math.max(1, rows - lines.length));
  for (const { event, atMs } of shown) {
    const colour = COLOURS[event.kind];
    const text = `${seconds(atMs).padStart(6)}  ${event.words}`;
    lines.push(colour === undefined ? text : paint(colour, text));
  }
  return lines;
}

function headOf(scene: Scene, paint: Paint): string[] {
  const { ledger, elapsedMs, seconds: planned, grpc, natsUrl } = scene;
  const { tried, atOnce, total } = ledger;
  const elapsed = `${seconds(elapsedMs())} of about ${planned} s`;
  return [
    `${paint("bold", "dlq-service demo")}    ${elapsed.padEnd(24)}${paint("dim", `server at ${grpc}`)}`,
    "A shop calls six services, and each fails in its own way. A failed order",
    "becomes a dead letter, which a worker retries when it is due.",
    ...(natsUrl === undefined ? [] : [paint("dim", `Events: ${watchCommand(natsUrl)}`)]),
    "",
    `${tried} orders so far: ${atOnce} succeeded at once, ${total.sent} became dead letters.`,
    "",
  ];
}

function tableOf(scene: Scene, barWidth: number, paint: Paint): string[] {
  const heads = [
    ["", "", "next", "in", "recov-", "quaran-", "at-"],
    ["sent", "waiting", "due", "flight", "ered", "tined", "tempts"],
  ];
  const [over = "", under = ""] = heads.map(cellsOf);
  const left = "queue".padEnd(NAME_WIDTH) + "problem".padEnd(PROBLEM_WIDTH);
  const indent = " ".repeat(NAME_WIDTH + PROBLEM_WIDTH + barWidth);
  return [
    paint("dim", indent + over),
    paint("dim", left + " ".repeat(barWidth) + under),
    ...SERVICES.map(({ name, problem }) => {
      const isWell = scene.worksAgain(name);
      const state = (isWell ? "works again" : problem).padEnd(PROBLEM_WIDTH);
      const row = scene.ledger.row(name);
      const start = name.padEnd(NAME_WIDTH) + paint(isWell ? "green" : "red", state);
      return start + barOf(row, barWidth, paint) + numbersOf(row);
    }),
    paint(
      "bold",
      `${"all".padEnd(NAME_WIDTH + PROBLEM_WIDTH + barWidth)}${numbersOf(scene.ledger.total)}`,
    ),
    legendOf(" ".repeat(NAME_WIDTH + PROBLEM_WIDTH), paint),
  ];
}

function numbersOf(row: Row): string {
  const { sent, waiting, inFlight, recovered, quarantined, attempts } = row;
  return cellsOf([sent, waiting, dueIn(row), inFlight, recovered, quarantined, attempts]);
}

function dueIn({ waiting, dueAtMs }: Row): string {
  if (waiting === 0 || dueAtMs === undefined) return "";
  const leftMs = dueAtMs - performance.now();
  return leftMs < 50 ? "now" : seconds(leftMs);
}

function cellsOf(cells: readonly (string | number)[]): string {
  return cells.map((cell, i) => String(cell).padStart(NUMBER_WIDTHS[i] ?? 0)).join("");
}

interface Part {
  readonly count: (row: Row) => number;
  readonly sign: string;
  readonly words: string;
  readonly colour: Colour;
}

const PARTS: readonly Part[] = [
  { count: (row) => row.recovered, sign: "#", words: "recovered", colour: "green" },
  { count: (row) => row.quarantined, sign: "x", words: "quarantined", colour: "red" },
  { count: (row) => row.inFlight, sign: ">", words: "in flight", colour: "yellow" },
  { count: (row) => row.waiting, sign: ".", words: "waiting", colour: "dim" },
];

/** Returns a bar of `width` characters: blank without messages, else filled by state. */
export function barOf(row: Row, width: number, paint: Paint): string {
  const counts = PARTS.map(({ count }) => count(row));
  const all = counts.reduce((sum, count) => sum + count);
  if (all === 0) return " ".repeat(width);
  // Rounds the ends, not the lengths, so that the parts add up to the width.
  const ends = counts.map((_, i) =>
    Math.round((counts.slice(0, i + 1).reduce((sum, count) => sum + count) / all) * width),
  );
  return PARTS.map(({ sign, colour }, i) =>
    paint(colour, sign.repeat((ends[i] ?? 0) - (ends[i - 1] ?? 0))),
  ).join("");
}

export function legendOf(indent: string, paint: Paint): string {
  return (
    indent + PARTS.map(({ sign, words, colour }) => paint(colour, `${sign} ${words}`)).join("  ")
  );
}

export const HOME = "\x1b[H";
export const CLEAR_LINE_END = "\x1b[K";
export const CLEAR_BELOW = "\x1b[J";
/** Switches to the alternate screen and hides the cursor, so that the user's lines come back later. */
export const ENTER = "\x1b[?1049h\x1b[?25l";
export const LEAVE = "\x1b[?25h\x1b[?1049l";

export type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
export type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  cyan: 36,
};

export function createPaint(coloured: boolean): Paint {
  if (!coloured) return (_, text) => text;
  return (colour, text) => (text === "" ? "" : `\x1b[${CODES[colour]}m${text}\x1b[0m`);
}

/** Cuts a line to `width` characters. Escape sequences do not count and are kept, so colours end. */
export function cropped(line: string, width: number): string {
  let left = width;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  const parts = line.matchAll(/(\x1b\[[0-9;]*m)|[^\x1b]/g);
  return [...parts].map(([part, code]) => (code !== undefined || left-- > 0 ? part : "")).join("");
}
