/** Stands for a message whose stored content cannot be read. */
export class DamagedMessage {
  /** The error of reading it. */
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** Reads stored content. Returns a DamagedMessage if that throws. */
export function readStored<T>(read: () => T): T | DamagedMessage {
  try {
    return read();
  } catch (error) {
    return new DamagedMessage(error);
  }
}
