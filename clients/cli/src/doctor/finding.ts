/** One result of a check. */
export interface Finding {
  readonly level: "ok" | "warning" | "problem";
  /** What was checked: `server`, `token`, `store`, `clock`, `counts`, or the code of a condition. */
  readonly check: string;
  /** What is so, in words. */
  readonly what: string;
  /** What to do. Empty: nothing. */
  readonly advice: string;
  /** Queues that it is about; not all if there are many. */
  readonly queues?: readonly string[];
}

/** Returns the finding for a warning of a server, which has what to do behind a semicolon. */
export function warningOf(check: string, text: string): Finding {
  const [what = "", ...advice] = text.split("; ");
  return { level: "warning", check, what, advice: advice.join("; ") };
}
