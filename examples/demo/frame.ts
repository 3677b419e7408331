// One picture of a run: its lines, of given width and number.

import type { Colour, Paint } from "./ansi.ts";
import { barOf, legendOf } from "./bar.ts";
import { type Happening, type HappeningKind, seconds } from "./happening.ts";
import type { Row } from "./ledger.ts";
import { SERVICES } from "./services.ts";
import type { Scene } from "./view.ts";

export interface FrameOptions {
  readonly scene: Scene;
  readonly events: readonly { readonly happening: Happening; readonly atMs: number }[];
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

const NAME_WIDTH = 10;
const PROBLEM_WIDTH = 12;
/** Of the columns right of the bar: sent, waiting, due, in flight, recovered, quarantined, attempts. */
const NUMBER_WIDTHS = [5, 8, 7, 7, 7, 8, 7];
const BESIDE_BAR = NAME_WIDTH + PROBLEM_WIDTH + NUMBER_WIDTHS.reduce((sum, width) => sum + width);
const LEAST_BAR = 8;
const MOST_BAR = 40;

const COLOURS: Readonly<Partial<Record<HappeningKind, Colour>>> = {
  failed: "dim",
  recovered: "green",
  quarantined: "red",
  lost: "red",
  service: "cyan",
};

export function frameOf({ scene, events, columns, rows, paint }: FrameOptions): string[] {
  const barWidth = Math.min(MOST_BAR, Math.max(LEAST_BAR, columns - BESIDE_BAR));
  const lines = [...headOf(scene, paint), ...tableOf(scene, barWidth, paint), ""];
  const shown = events.slice(-Math.max(1, rows - lines.length));
  for (const { happening, atMs } of shown) {
    const colour = COLOURS[happening.kind];
    const text = `${seconds(atMs).padStart(6)}  ${happening.words}`;
    lines.push(colour === undefined ? text : paint(colour, text));
  }
  return lines;
}

function headOf({ ledger, elapsedMs, seconds: planned, grpc }: Scene, paint: Paint): string[] {
  const { tried, atOnce, total } = ledger;
  const elapsed = `${seconds(elapsedMs())} of about ${planned} s`;
  return [
    `${paint("bold", "dlq-service demo")}    ${elapsed.padEnd(24)}${paint("dim", `server at ${grpc}`)}`,
    "A shop calls six services, and each fails in its own way. What fails becomes",
    "a dead letter, which a worker tries again when it is due.",
    "",
    `${tried} orders so far: ${atOnce} went through at once, ${total.sent} became dead letters.`,
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
