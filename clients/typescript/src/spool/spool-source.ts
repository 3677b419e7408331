import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";

/** A message that waits to be sent. */
export interface SpooledMessage {
  /** Identifies it in its source. Later messages have higher positions. */
  readonly position: number;
  /** Undefined: it can no longer be read. */
  readonly request: SendToDlqRequest | undefined;
}

/** Messages that wait to be sent: those of a spool file, or of the in-memory fallback. */
export interface SpoolSource {
  /** Names it in the log. */
  readonly name: string;
  /** How many wait. */
  readonly count: number;
  /** Returns the oldest messages after a position that fit into one call. A larger one goes alone. */
  read(after: number, maxMessages: number, maxBytes: number): Promise<readonly SpooledMessage[]>;
}
