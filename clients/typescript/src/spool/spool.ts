import type { DlqClientError } from "../errors.ts";
import { log } from "../log.ts";
import type { SendSpool } from "../move-to-spool.ts";
import type { Reachability } from "../reachability.ts";
import type { ReconnectingChannel } from "../reconnecting-channel.ts";
import type { SendRequest } from "../send-request.ts";
import { claimOrphans } from "./orphan-recovery.ts";
import type { SpoolScope } from "./owner.ts";
import { candidateFolders } from "./spool-folder.ts";
import type { SpoolSettings } from "./spool-options.ts";
import { SpoolSender } from "./spool-sender.ts";
import { type Placed, SpoolStore } from "./spool-store.ts";
import { SpoolWarning } from "./spool-warning.ts";

/** Options of a {@link Spool}. */
export interface SpoolSetup {
  readonly settings: SpoolSettings;
  readonly scope: SpoolScope;
  readonly channel: ReconnectingChannel;
  readonly reachability: Reachability;
  /** Called with each message that is lost or refused for good. */
  readonly onDropped: (error: DlqClientError, queue: string) => void;
}

/** What is known of a message that was only in memory. */
interface LostMessage {
  readonly lastError: unknown;
  readonly maybeStored: boolean;
}

interface Unwritten {
  readonly request: SendRequest;
  readonly resolve: (placed: Placed) => void;
}

/** Limit of one write. */
const WRITE_BYTES = 4 * 1024 ** 2;
/** Limit of the messages that wait for a slow disk. */
const MAX_UNWRITTEN_BYTES = 64 * 1024 ** 2;
const RECOVER_EVERY_MS = 30_000;
const TOUCH_EVERY_MS = 20_000;

/** Keeps messages in files while the service is unavailable, and sends them later. */
export class Spool implements SendSpool {
  readonly #setup: SpoolSetup;
  readonly #folders: readonly string[];
  readonly #store: SpoolStore;
  readonly #warning: SpoolWarning;
  readonly #sender: SpoolSender;
  readonly #timers: readonly NodeJS.Timeout[];
  #recovery: Promise<void>;
  #unwritten: Unwritten[] = [];
  #unwrittenBytes = 0;
  #writing: Promise<void> | undefined;

  constructor(setup: SpoolSetup) {
    this.#setup = setup;
    const { settings, scope, channel, reachability, onDropped: onRefused } = setup;
    const folders = candidateFolders(settings.folder, scope.service);
    this.#folders = folders;
    const store = new SpoolStore({ ...settings, scope, folders });
    this.#store = store;
    const warning = new SpoolWarning(scope.target, () => store.count);
    this.#warning = warning;
    this.#sender = new SpoolSender({ store, channel, reachability, onRefused, warning });
    reachability.onAvailable = () => {
      if (store.count > 0) this.#sender.startNow();
    };
    this.#recovery = this.#recoverOrphans();
    this.#timers = [
      setInterval(this.#onRecoverTimer, RECOVER_EVERY_MS).unref(),
      setInterval(() => void store.touch(), TOUCH_EVERY_MS).unref(),
    ];
  }

  get maxBytes(): number {
    return this.#setup.settings.maxBytes;
  }

  /** Keeps a message. Concurrent ones share a write. Never rejects. */
  keep(request: SendRequest): Promise<Placed> {
    if (this.#unwrittenBytes + request.bytes > MAX_UNWRITTEN_BYTES) return Promise.resolve("full");
    return new Promise((resolve) => {
      this.#unwritten.push({ request, resolve });
      this.#unwrittenBytes += request.bytes;
      this.#writing ??= this.#writeAll().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  warn(error: unknown): void {
    this.#warning.report(error);
  }

  /** Leaves the files to the next client. Drops messages that are only in memory, with `lost`. */
  async close(lost: (message: LostMessage) => DlqClientError): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#setup.reachability.onAvailable = () => {};
    const sent = this.#sender.close(); // before any wait: a call would open a connection again
    await this.#writing;
    await this.#recovery;
    await sent;
    for (const request of await this.#store.release()) {
      const { lastError } = this.#warning;
      this.#setup.onDropped(lost({ lastError, maybeStored: true }), request.queue);
    }
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve(); // collects the messages of this turn of the event loop
    while (this.#unwritten.length > 0) {
      const taken = this.#take();
      const placed = await this.#store.append(taken.map(({ request }) => request.wire));
      for (const [at, { resolve, request }] of taken.entries()) {
        this.#unwrittenBytes -= request.bytes;
        resolve(placed[at] ?? "full");
      }
      this.#sender.start();
    }
  }

  #take(): Unwritten[] {
    let bytes = 0;
    let count = 0;
    for (const { request } of this.#unwritten) {
      bytes += request.bytes;
      if (count > 0 && bytes > WRITE_BYTES) break;
      count++;
    }
    return this.#unwritten.splice(0, count);
  }

  readonly #onRecoverTimer = (): void => {
    this.#recovery = this.#recovery.then(() => this.#recoverOrphans());
  };

  /** Never rejects. */
  async #recoverOrphans(): Promise<void> {
    const store = this.#store;
    const { scope } = this.#setup;
    const paths = await claimOrphans(this.#folders, scope, store.identity, store.paths);
    for (const path of paths) {
      await store.recover(path).catch((error) => log(`cannot read spool file ${path}: ${error}`));
    }
    if (store.count > 0) this.#sender.start();
  }
}
