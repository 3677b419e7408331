// Reports when the disk of the data folder runs low, so that sends are refused while Redis can still write: with
// `appendfsync always` Redis ends itself on the first write that fails.

import { statfs } from "node:fs/promises";

/** Often enough that a fast writer cannot fill the reserve in between. */
const INTERVAL_MS = 2_000;
/** Shorter while it is low, since sends wait for its end. */
const LOW_INTERVAL_MS = 500;

/** The default reserve. On a small disk it is a share, because an empty disk must not count as low. */
const RESERVE_BYTES = 512 * 2 ** 20;
const RESERVE_SHARE = 0.25;

/** Once low, a quarter more must be free before it counts as enough again: no flapping. */
const RECOVERY_FACTOR = 1.25;

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface DiskWatchOptions {
  /** Less free space is low. Default: 512 MiB, or a quarter of a disk smaller than 2 GiB. */
  readonly lowBytes?: number;
  readonly readSpace: () => Promise<DiskSpace>;
  /** Called at each check. */
  readonly onCheck?: (low: boolean) => void;
  /** Called once per change, with what was read and needed. */
  readonly onChange: (low: boolean, space: { freeBytes: number; lowBytes: number }) => void;
}

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #low = false;
  #stopped = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  get isLow(): boolean {
    return this.#low;
  }

  /** Resolves after the first check. */
  async start(): Promise<void> {
    await this.check();
    this.#stopped = false;
    this.#checkLater();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #checkLater(): void {
    if (this.#stopped) return;
    const after = this.#low ? LOW_INTERVAL_MS : INTERVAL_MS;
    this.#timer = setTimeout(() => void this.check().finally(() => this.#checkLater()), after);
    this.#timer.unref();
  }

  /** Checks once. A folder that cannot be read changes nothing: Redis itself reports that. */
  async check(): Promise<void> {
    const space = await this.#options.readSpace().catch(() => undefined);
    if (space === undefined) return;
    const lowBytes =
      this.#options.lowBytes ?? Math.min(RESERVE_BYTES, space.totalBytes * RESERVE_SHARE);
    const low = space.freeBytes < (this.#low ? lowBytes * RECOVERY_FACTOR : lowBytes);
    this.#options.onCheck?.(low);
    if (low === this.#low) return;
    this.#low = low;
    this.#options.onChange(low, { freeBytes: space.freeBytes, lowBytes });
  }
}

export async function diskSpace(dir: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(dir);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
