import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";

/** A letter that waits for its delivery. */
export interface StoredLetter {
  /** In its store; grows from letter to letter. */
  readonly position: number;
  /** Undefined: it can no longer be read. */
  readonly request: SendToDlqRequest | undefined;
}

/** Letters that wait for their delivery: a file of them, or those in memory. */
export interface LetterStore {
  /** How many wait. */
  readonly count: number;
  /** The oldest of those beyond a position, as many as go in one call; one that is larger goes alone. */
  read(after: number, maxLetters: number, maxBytes: number): Promise<readonly StoredLetter[]>;
}
