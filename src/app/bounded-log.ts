import type { DecisionLog } from "./observer.ts";

/** Lines of one text and queue that are logged in full in one window. */
const LINES = 20;
const WINDOW_MS = 10_000;
/** Texts and queues that are counted at once. Above this, all queues share one window for each text. */
const MOST = 1_000;

/** Failures of one window that are counted by name, and that its last line names. */
const MOST_FAILURES = 100;
const NAMED_FAILURES = 5;

interface Window {
  readonly timer: NodeJS.Timeout;
  readonly logLeftOut: (leftOut: object) => void;
  lines: number;
  /** Lines that were left out, by failure. */
  readonly leftOut: Map<string | undefined, number>;
}

/**
 * A log that leaves out repeated lines about messages, those with an `id`, at levels info and warn
 * (20 in 10 s for each text and queue): an operator needs one line, not 1,500, about messages that
 * fail alike. One line at the end of each window counts what was left out, by failure.
 * Lines about calls and streams are never left out: they say who did what.
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
      const logLeftOut = (leftOut: object) =>
        this.#log[level]({ queue, line, ...leftOut }, "repeated lines were left out");
      const timer = setTimeout(() => this.#end(key), WINDOW_MS).unref();
      window = { timer, logLeftOut, lines: 0, leftOut: new Map() };
      this.#windows.set(key, window);
    }
    if (window.lines < LINES) {
      window.lines++;
      return true;
    }
    countFailure(window.leftOut, facts);
    return false;
  }

  #end(key: string): void {
    const window = this.#windows.get(key);
    if (window === undefined) return;
    clearTimeout(window.timer);
    this.#windows.delete(key);
    if (window.leftOut.size > 0) window.logLeftOut(summaryOf(window.leftOut));
  }
}

/** Counts the line by the type of its failure, else by its reason. */
function countFailure(counts: Map<string | undefined, number>, facts: object): void {
  const { failure, reason } = facts as { failure?: { type?: unknown }; reason?: unknown };
  const name = [failure?.type, reason].find((one) => typeof one === "string" && one !== "");
  const isKnown = counts.has(name as string) || counts.size < MOST_FAILURES;
  const key = typeof name === "string" && isKnown ? name : undefined;
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The facts of the last line of a window. Lines without a failure have the sum alone. */
function summaryOf(counts: ReadonlyMap<string | undefined, number>): object {
  const leftOut = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const named = [...counts]
    .filter(([name]) => name !== undefined)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, NAMED_FAILURES);
  if (named.length === 0) return { leftOut };
  const other = leftOut - named.reduce((sum, [, count]) => sum + count, 0);
  const leftOutOf = Object.fromEntries(other === 0 ? named : [...named, ["other", other]]);
  return { leftOut, leftOutOf };
}
