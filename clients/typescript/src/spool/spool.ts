import type { DlqClientError } from "../errors.ts";
import type { Letter } from "../letter.ts";
import type { Line } from "../line.ts";
import type { Reachability } from "../reachability.ts";
import { takeOrphans } from "./adopter.ts";
import { SpoolDelivery } from "./delivery.ts";
import type { SpoolPurpose } from "./owner.ts";
import { type Placed, Shelf } from "./shelf.ts";
import { candidateFolders } from "./spool-folder.ts";
import { SpoolNews } from "./spool-news.ts";
import type { SpoolSettings } from "./spool-options.ts";

/** What a {@link Spool} is made of. */
export interface SpoolSetup {
  readonly settings: SpoolSettings;
  readonly purpose: SpoolPurpose;
  readonly line: Line;
  readonly reachability: Reachability;
  /** Told of each letter that is lost after all. */
  readonly onDropped: (error: DlqClientError, queue: string) => void;
  readonly tell: (words: string) => void;
}

/** What is known of one that was in memory only. */
interface LostLetter {
  readonly lastError: unknown;
  readonly maybeStored: boolean;
}

interface Unwritten {
  readonly letter: Letter;
  readonly resolve: (placed: Placed) => void;
}

/** What one write takes. */
const WRITE_BYTES = 4 * 1024 ** 2;
/** What may wait for a disk that is slow. */
const MOST_UNWRITTEN_BYTES = 64 * 1024 ** 2;
const ADOPT_EVERY_MS = 30_000;
const TOUCH_EVERY_MS = 20_000;

/** Keeps letters in files while the service is away, and delivers them when it is back. */
export class Spool {
  readonly #setup: SpoolSetup;
  readonly #folders: readonly string[];
  readonly #shelf: Shelf;
  readonly #news: SpoolNews;
  readonly #delivery: SpoolDelivery;
  readonly #timers: readonly NodeJS.Timeout[];
  #adoption: Promise<void>;
  #unwritten: Unwritten[] = [];
  #unwrittenBytes = 0;
  #writing: Promise<void> | undefined;

  constructor(setup: SpoolSetup) {
    this.#setup = setup;
    const { settings, purpose, line, reachability, onDropped, tell } = setup;
    const folders = candidateFolders(settings.folder, purpose.service);
    this.#folders = folders;
    this.#shelf = new Shelf({ ...settings, purpose, folders, tell });
    const shelf = this.#shelf;
    const news = new SpoolNews(tell);
    this.#news = news;
    const onRefused = onDropped;
    this.#delivery = new SpoolDelivery({ shelf, line, reachability, onRefused, news, tell });
    reachability.onBack = () => {
      if (shelf.count > 0) this.#delivery.hasten();
    };
    this.#adoption = this.#adopt();
    this.#timers = [
      setInterval(this.#look, ADOPT_EVERY_MS).unref(),
      setInterval(() => void shelf.touch(), TOUCH_EVERY_MS).unref(),
    ];
  }

  get maxBytes(): number {
    return this.#setup.settings.maxBytes;
  }

  /** Keeps a letter; letters that come together share a write. Never rejects. */
  keep(letter: Letter): Promise<Placed> {
    if (this.#unwrittenBytes + letter.bytes > MOST_UNWRITTEN_BYTES) return Promise.resolve("full");
    return new Promise((resolve) => {
      this.#unwritten.push({ letter, resolve });
      this.#unwrittenBytes += letter.bytes;
      this.#writing ??= this.#writeAll().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  tellOf(error: unknown): void {
    this.#news.tellOf(error);
  }

  /** Leaves its files to whoever comes next. What is in memory only is lost, which is told. */
  async close(lost: (letter: LostLetter) => DlqClientError): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#setup.reachability.onBack = () => {};
    const delivered = this.#delivery.close(); // at once: a call would open a connection again
    await this.#writing;
    await this.#adoption;
    await delivered;
    for (const request of await this.#shelf.release()) {
      const { lastError } = this.#news;
      this.#setup.onDropped(lost({ lastError, maybeStored: true }), request.queue);
    }
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve(); // those of this turn go together
    while (this.#unwritten.length > 0) {
      const taken = this.#take();
      const placed = await this.#shelf.append(taken.map(({ letter }) => letter.request));
      for (const [at, { resolve, letter }] of taken.entries()) {
        this.#unwrittenBytes -= letter.bytes;
        resolve(placed[at] ?? "full");
      }
      this.#delivery.start();
    }
  }

  #take(): Unwritten[] {
    let bytes = 0;
    let count = 0;
    for (const { letter } of this.#unwritten) {
      bytes += letter.bytes;
      if (count > 0 && bytes > WRITE_BYTES) break;
      count++;
    }
    return this.#unwritten.splice(0, count);
  }

  readonly #look = (): void => {
    this.#adoption = this.#adoption.then(() => this.#adopt());
  };

  /** Never rejects. */
  async #adopt(): Promise<void> {
    const shelf = this.#shelf;
    const { purpose, tell } = this.#setup;
    const paths = await takeOrphans(this.#folders, purpose, shelf.identity, shelf.paths);
    for (const path of paths) {
      await shelf.adopt(path).catch((error) => tell(`can't read ${path}: ${error}`));
    }
    if (shelf.count > 0) this.#delivery.start();
  }
}
