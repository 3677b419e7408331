import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { LetterStore, StoredLetter } from "./letter-store.ts";

interface Kept {
  readonly request: SendToDlqRequest;
  readonly bytes: number;
}

/** Letters that no file could take: lost with the process. */
export class MemoryLetters implements LetterStore {
  #bytes = 0;
  #next = 0;
  readonly #letters = new Map<number, Kept>();

  get count(): number {
    return this.#letters.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(request: SendToDlqRequest, bytes: number): void {
    this.#letters.set(this.#next++, { request, bytes });
    this.#bytes += bytes;
  }

  async read(after: number, maxLetters: number, maxBytes: number): Promise<StoredLetter[]> {
    const found: StoredLetter[] = [];
    let sum = 0;
    for (const [position, { request, bytes }] of this.#letters) {
      if (position <= after) continue;
      sum += bytes;
      if (found.length === maxLetters || (found.length > 0 && sum > maxBytes)) break;
      found.push({ position, request });
    }
    return found;
  }

  finish(positions: readonly number[]): void {
    for (const position of positions) {
      this.#bytes -= this.#letters.get(position)?.bytes ?? 0;
      this.#letters.delete(position);
    }
  }

  /** Takes out what is there. */
  clear(): SendToDlqRequest[] {
    const requests = [...this.#letters.values()].map(({ request }) => request);
    this.finish([...this.#letters.keys()]);
    return requests;
  }
}
