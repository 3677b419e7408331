import type { Gauge } from "prom-client";

/** What the server reads from files while it runs: tokens or certificates. */
export interface FilesState {
  /** What it is, as in the log. */
  readonly what: string;
  /** Whether the files on disk cannot be used. The previous content stays in force. */
  readonly isUnusable: boolean;
  /** When the next part of the content in force expires. Undefined: nothing does. */
  readonly expireAtMs: number | undefined;
}

type CreateGauge = (name: string, help: string, labelNames: "what"[]) => Gauge<"what">;

/** Gauges of files. They are read at a scrape. */
export function createFileGauges(gauge: CreateGauge) {
  const unusable = gauge(
    "dlq_files_unusable",
    "1 while tokens or certificates on disk cannot be used; the previous ones stay in force.",
    ["what"],
  );
  const expiry = gauge(
    "dlq_files_expire_timestamp_seconds",
    "When the next token or the certificate in force expires.",
    ["what"],
  );
  return {
    show(states: readonly FilesState[]): void {
      for (const one of [unusable, expiry]) one.reset();
      for (const { what, isUnusable, expireAtMs } of states) {
        unusable.set({ what }, isUnusable ? 1 : 0);
        if (expireAtMs !== undefined) expiry.set({ what }, expireAtMs / 1_000);
      }
    },
  };
}
