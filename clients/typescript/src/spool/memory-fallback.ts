import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { SpooledMessage, SpoolSource } from "./spool-source.ts";

interface Entry {
  readonly request: SendToDlqRequest;
  readonly bytes: number;
  readonly addedAtMs: number;
}

/** Keeps messages in memory when no folder can be written. They are lost when the process ends. */
export class MemoryFallback implements SpoolSource {
  readonly name: string = "memory";
  #bytes = 0;
  #next = 0;
  readonly #entries = new Map<number, Entry>();

  get count(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest message was added; infinite if there is none. */
  get oldestAtMs(): number {
    const [oldest] = this.#entries.values();
    return oldest?.addedAtMs ?? Number.POSITIVE_INFINITY;
  }

  add(request: SendToDlqRequest, bytes: number): void {
    this.#entries.set(this.#next++, { request, bytes, addedAtMs: Date.now() });
    this.#bytes += bytes;
  }

  async read(after: number, maxMessages: number, maxBytes: number): Promise<SpooledMessage[]> {
    const found: SpooledMessage[] = [];
    let sum = 0;
    for (const [position, { request, bytes }] of this.#entries) {
      if (position <= after) continue;
      sum += bytes;
      if (found.length === maxMessages || (found.length > 0 && sum > maxBytes)) break;
      found.push({ position, request });
    }
    return found;
  }

  markDone(positions: readonly number[]): void {
    for (const position of positions) {
      this.#bytes -= this.#entries.get(position)?.bytes ?? 0;
      this.#entries.delete(position);
    }
  }

  /** Removes and returns all messages. */
  clear(): SendToDlqRequest[] {
    const requests = [...this.#entries.values()].map(({ request }) => request);
    this.markDone([...this.#entries.keys()]);
    return requests;
  }
}
