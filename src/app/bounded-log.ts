import type { DecisionLog } from "./observer.ts";

/** Lines of one text and queue that are logged in full in one window. */
const LINES = 20;
const WINDOW_MS = 10_000;
/** Texts and queues that are counted at once. Beyond, all queues share the window of a text. */
const MOST = 1_000;

interface Window {
  readonly timer: NodeJS.Timeout;
  readonly logLeftOut: (leftOut: number) => void;
  lines: number;
  leftOut: number;
}

/**
 * A log that leaves out repeated lines about messages, those with an `id`, at levels info and warn:
 * 1,500 messages that fail alike are one fact for its reader. One line at the end of each window
 * counts what was left out. Lines about calls and streams are never left out: they say who did what.
 */
export class BoundedLog implements DecisionLog {
  readonly #log: DecisionLog;
  readonly #windows = new Map<string, Window>();

  constructor(log: DecisionLog) {
    this.#log = log;
  }

  isLevelEnabled(level: "debug"): boolean {
    return this.#log.isLevelEnabled(level);
  }

  debug(facts: object, message: string): void {
    this.#log.debug(facts, message);
  }

  info(facts: object, message: string): void {
    if (this.#mayLog("info", facts, message)) this.#log.info(facts, message);
  }

  warn(facts: object, message: string): void {
    if (this.#mayLog("warn", facts, message)) this.#log.warn(facts, message);
  }

  /** Counts what the open windows left out. */
  close(): void {
    for (const key of [...this.#windows.keys()]) this.#end(key);
  }

  #mayLog(level: "info" | "warn", facts: object, line: string): boolean {
    if (!("id" in facts)) return true;
    let queue = "queue" in facts ? facts.queue : undefined;
    let key = `${line}\n${queue}`;
    if (this.#windows.size >= MOST && !this.#windows.has(key)) {
      queue = undefined;
      key = line;
    }
    let window = this.#windows.get(key);
    if (window === undefined) {
      const logLeftOut = (leftOut: number) =>
        this.#log[level]({ queue, line, leftOut }, "repeated lines were left out");
      const timer = setTimeout(() => this.#end(key), WINDOW_MS).unref();
      window = { timer, logLeftOut, lines: 0, leftOut: 0 };
      this.#windows.set(key, window);
    }
    if (window.lines < LINES) {
      window.lines++;
      return true;
    }
    window.leftOut++;
    return false;
  }

  #end(key: string): void {
    const window = this.#windows.get(key);
    if (window === undefined) return;
    clearTimeout(window.timer);
    this.#windows.delete(key);
    if (window.leftOut > 0) window.logLeftOut(window.leftOut);
  }
}
