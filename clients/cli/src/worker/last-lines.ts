/** Keeps the end of a text that comes in pieces. */
export class LastLines {
  readonly #mostBytes: number;
  readonly #mostLines: number;
  #bytes = Buffer.alloc(0);

  constructor(mostBytes: number, mostLines: number) {
    this.#mostBytes = mostBytes;
    this.#mostLines = mostLines;
  }

  add(text: string): void {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(text)]).subarray(-this.#mostBytes);
  }

  /** The last lines, without empty ones at the end. */
  get lines(): string {
    return this.#bytes.toString().trimEnd().split("\n").slice(-this.#mostLines).join("\n").trim();
  }
}
