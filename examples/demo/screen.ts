// The run on a terminal, redrawn in place a few times a second, within its size.

import { CLEAR_BELOW, CLEAR_LINE_END, cropped, ENTER, HOME, LEAVE, type Paint } from "./ansi.ts";
import { frameOf } from "./frame.ts";
import type { Happening } from "./happening.ts";
import type { Scene, View } from "./view.ts";

/** Enough of node:tty's WriteStream. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

const DRAW_EVERY_MS = 200;
/** Nobody reads faster: of what happens in between only the rare things are shown. */
const READABLE_EVERY_MS = 350;
const KEPT_EVENTS = 40;

export function createScreen(scene: Scene, terminal: Terminal, paint: Paint): View {
  const events: { happening: Happening; atMs: number }[] = [];
  let isOpen = true;
  terminal.write(ENTER);
  process.once("exit", close); // whatever ends the process
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
    happened(happening) {
      const atMs = scene.elapsedMs();
      const sinceLastMs = atMs - (events.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY);
      const isRare = happening.kind === "service" || happening.kind === "lost";
      if (!isRare && sinceLastMs < READABLE_EVERY_MS) return;
      events.push({ happening, atMs });
      if (events.length > KEPT_EVENTS) events.shift();
    },
    refreshed() {}, // the next drawing shows it
    close,
  };
}
