import { basename } from "node:path";
import { Deadline } from "../deadline.ts";
import { textOf } from "../error-chain.ts";
import type { DlqClientError } from "../errors.ts";
import { log } from "../log.ts";
import type { SendSpool } from "../move-to-spool.ts";
import type { Reachability } from "../reachability.ts";
import type { ReconnectingChannel } from "../reconnecting-channel.ts";
import type { SendRequest } from "../send-request.ts";
import type { OnStored } from "../send-result.ts";
import type { SpoolUsage } from "../status.ts";
import { claimOrphans } from "./orphan-recovery.ts";
import type { SpoolScope } from "./owner.ts";
import { candidateFolders } from "./spool-folder.ts";
import type { SpoolSettings } from "./spool-options.ts";
import { SpoolSender } from "./spool-sender.ts";
import { type SpoolResult, SpoolStore } from "./spool-store.ts";
import { SpoolWarning } from "./spool-warning.ts";
import { SpoolWriter } from "./spool-writer.ts";

/** Options of a {@link Spool}. */
export interface SpoolSetup {
  readonly settings: SpoolSettings;
  readonly scope: SpoolScope;
  readonly channel: ReconnectingChannel;
  readonly reachability: Reachability;
  /** Called with each message that is lost or refused for good. */
  readonly onDropped: (error: DlqClientError, queue: string) => void;
  /** Called with each message that the service accepted from the spool. */
  readonly onStored?: OnStored | undefined;
}

/** What is known of a message that was only in memory. */
interface LostMessage {
  readonly lastError: unknown;
  readonly maybeStored: boolean;
}

const LAST_PASS_MS = 2_000;
const RECOVER_EVERY_MS = 30_000;
const TOUCH_EVERY_MS = 20_000;

/** Keeps messages in files while the service is unavailable, and sends them later. */
export class Spool implements SendSpool {
  readonly #setup: SpoolSetup;
  readonly #folders: readonly string[];
  readonly #store: SpoolStore;
  readonly #warning: SpoolWarning;
  readonly #sender: SpoolSender;
  readonly #writer: SpoolWriter;
  readonly #timers: readonly NodeJS.Timeout[];
  #recovery: Promise<void>;

  constructor(setup: SpoolSetup) {
    this.#setup = setup;
    const { settings, scope, channel, reachability, onDropped: onRefused, onStored } = setup;
    const folders = candidateFolders(settings.folder, scope.service);
    this.#folders = folders;
    const store = new SpoolStore({ ...settings, scope, folders });
    this.#store = store;
    const warning = new SpoolWarning(scope.target, () => store.count);
    this.#warning = warning;
    this.#sender = new SpoolSender({
      ...{ store, channel, reachability, warning, onRefused, onStored },
    });
    this.#writer = new SpoolWriter(store, () => this.#sender.start());
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

  get usage(): SpoolUsage {
    return this.#store.usage;
  }

  /** Keeps a message. Never rejects. */
  keep(request: SendRequest): Promise<SpoolResult> {
    return this.#writer.write(request);
  }

  warn(error: unknown): void {
    this.#warning.warn(error);
  }

  /**
   * Makes a last pass if the service answers: a program that ends at once also sends what its last run
   * has left.
   */
  async sendLast(maxMs: number): Promise<void> {
    const deadline = new Deadline(Math.min(maxMs, LAST_PASS_MS));
    if (!(await deadline.meets(this.#recovery)) || this.#store.count === 0) return;
    if (this.#setup.reachability.isAnswering) this.#sender.startNow();
    await deadline.meets(this.#sender.passed);
  }

  /** Leaves the files to the next client. Drops messages that are only in memory, with `lost`. */
  async close(lost: (message: LostMessage) => DlqClientError): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#setup.reachability.onAvailable = () => {};
    const sent = this.#sender.close(); // before any wait: a call would open a connection again
    await this.#writer.flush();
    await this.#recovery;
    await sent;
    const { count } = this.#store;
    const lostOnes = await this.#store.release();
    const left = count - lostOnes.length;
    if (left > 0) {
      const { target } = this.#setup.scope;
      const next = "the next client with the same service and target sends them";
      log(`messages stay in the spool for ${target} (${left}); ${next}`);
    }
    for (const request of lostOnes) {
      const { lastError } = this.#warning;
      this.#setup.onDropped(lost({ lastError, maybeStored: true }), request.queue);
    }
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
      await store.recover(path).catch((error) => {
        log(`cannot read spool file ${basename(path)}: ${textOf(error)}; skipping it`);
      });
    }
    if (store.count === 0) return;
    if (paths.length === 0) return this.#sender.start();
    this.#warning.found();
    this.#sender.startNow();
  }
}
