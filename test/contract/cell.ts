// One cell of the table: what became of a scenario in a language. Tests carry it for the reporter.

declare module "vitest" {
  interface TaskMeta {
    cell?: Cell;
  }
}

/** What a test tells of itself when it is defined. */
export interface Cell {
  readonly language: string;
  readonly group: string;
  readonly scenario: string;
  /** What the client does not have, so that the scenario is not played. */
  readonly lacks: readonly string[];
}

/** The same, and how it went. */
export interface PlayedCell extends Cell {
  readonly state: "passed" | "failed" | "not played";
  readonly tookMs: number;
}
