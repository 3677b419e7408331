import { listFolder } from "./spool-folder.ts";

/** How old the figure may be: other processes write, too. */
const STALE_MS = 1_000;

/** How many bytes of a folder are taken, by files of other processes too. */
export class FolderUse {
  readonly folder: string;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #bytes: ReadonlyMap<string, number> = new Map();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @param own files that are not to be counted */
  async ofOthers(own: readonly string[]): Promise<number> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs > STALE_MS) {
      const files = await listFolder(this.folder);
      this.#bytes = new Map(files.map(({ path, bytes }) => [path, bytes]));
      this.#lookedAtMs = nowMs;
    }
    let sum = 0;
    for (const [path, bytes] of this.#bytes) if (!own.includes(path)) sum += bytes;
    return sum;
  }
}
