import type { SendResult } from "./send-result.ts";

/** The state of a client, for health checks and metrics of the program. */
export interface ClientStatus {
  /** False while calls fail, so that sends go to the spool at once. True before the first call. */
  readonly isAvailable: boolean;
  /** Why it is unavailable. */
  readonly lastError?: string;
  /** Absent without a spool. */
  readonly spool?: SpoolUsage;
  /** Number of sends since the start, by status. */
  readonly sends: Readonly<Record<SendResult["status"], number>>;
}

/** The messages that this client still has to send. */
export interface SpoolUsage {
  readonly messages: number;
  readonly bytes: number;
  /** Age of the oldest file or message in memory; 0 if there is none. */
  readonly oldestAgeMs: number;
}
