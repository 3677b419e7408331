import { serverBusy } from "../../core/errors.ts";

const RETRY_AFTER_MS = 5_000;

/**
 * Lets a bounded number of scans of one kind run at once: each holds what it has read and what it has found. The others wait in
 * order and hold nothing; too many are refused.
 */
export class ScanSlots {
  readonly #kind: string;
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  /** `kind`: names them in errors. */
  constructor(kind: string, most: number, mostWaiting: number) {
    this.#kind = kind;
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Waits for a slot. Returns what gives it back, to be called once. Rejects with the signal's reason if the call ends before,
   * and with BUSY if too many wait.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#taken < this.#most) this.#taken++;
    else {
      if (this.#waiting.size >= this.#mostWaiting) {
        const { size } = this.#waiting;
        throw serverBusy(RETRY_AFTER_MS, `${this.#most} ${this.#kind} run, and ${size} wait`);
      }
      await this.#wait(signal);
    }
    return () => this.#giveBack();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.add(begin);
    });
  }

  /** The slot passes to the scan that has waited longest. */
  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#taken--;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
