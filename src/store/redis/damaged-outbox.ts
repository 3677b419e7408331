/** An outbox whose key is no stream. OutboxTail reports each damage once. */
export class DamagedOutbox extends Error {
  constructor(key: string, reason: string) {
    super(
      `the outbox "${key}" cannot be read: ${reason}; it begins again with the next change of its queues`,
    );
  }
}
