import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Delivery } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { Backoff } from "../backoff.ts";
import { callErrorOf, isUnencodable, refusalOf } from "../call-error.ts";
import type { Connection } from "../connection.ts";

/** Options of a {@link DueStream}. */
export interface DueStreamOptions {
  /** Makes a connection for each stream. */
  readonly connect: () => Connection;
  readonly open: (
    connection: Connection,
    resumeSessionId: string,
    signal: AbortSignal,
  ) => ReturnType<Connection["stubs"]["streamDue"]>;
  readonly onOpened: (leaseMs: number) => void;
  readonly onDeliveries: (deliveries: readonly Delivery[]) => void;
  readonly onBroken: (error: ConnectError) => void;
  /** Called between two streams of a session. */
  readonly beforeResume: (sessionId: string) => Promise<void>;
  /** A stream without a frame for this time is broken. The server sends one every 10 s. */
  readonly frameTimeoutMs?: number;
}

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 5_000;
/** A stream that lasted this long counts as a success for the backoff. */
const STABLE_AFTER_MS = 1_000;
const FRAME_TIMEOUT_MS = 25_000;

/**
 * Statuses that end the worker: the request is wrong, or an unknown server answered. After a stream was
 * open, they do not end it: they come from a proxy whose servers are unavailable, or from a deployment.
 */
const FINAL: ReadonlySet<Code> = new Set([Code.InvalidArgument, Code.Unimplemented]);

/** The stream of a worker. It opens itself again with its worker session, until it is closed. */
export class DueStream {
  /** Resolves after `close`. Rejects if the server refuses the request for good. */
  readonly done: Promise<void>;
  readonly #options: DueStreamOptions;
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, MAX_PAUSE_MS);
  readonly #watch: NodeJS.Timeout;
  #sessionId = "";
  #lastFrameAtMs = 0;
  #abort = new AbortController();
  #isClosed = false;
  #endPause: (() => void) | undefined;

  constructor(options: DueStreamOptions) {
    this.#options = options;
    const { frameTimeoutMs = FRAME_TIMEOUT_MS } = options;
    const check = () => this.#checkSilence(frameTimeoutMs);
    this.#watch = setInterval(check, frameTimeoutMs / 10).unref();
    this.done = this.#run().finally(() => clearInterval(this.#watch));
  }

  get sessionId(): string {
    return this.#sessionId;
  }

  close(): void {
    this.#isClosed = true;
    this.#abort.abort();
    this.#endPause?.();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const startedAtMs = performance.now();
      const end = await this.#read();
      if (this.#isClosed) return;
      if (end instanceof ConnectError) {
        if (this.#sessionId === "" && isFinal(end)) throw refusalOf(end);
        this.#options.onBroken(end);
      }
      const wasStable = performance.now() - startedAtMs > STABLE_AFTER_MS;
      if (wasStable) this.#backoff.reset();
      if (end !== "drain" || !wasStable) await this.#pause();
      if (this.#isClosed || this.#sessionId === "") continue;
      await this.#options.beforeResume(this.#sessionId);
    }
  }

  /** Reads one stream to its end. Never rejects. */
  async #read(): Promise<ConnectError | "drain" | "end"> {
    this.#lastFrameAtMs = performance.now();
    this.#abort = new AbortController();
    const connection = this.#options.connect();
    try {
      const stream = this.#options.open(connection, this.#sessionId, this.#abort.signal);
      for await (const { frame } of stream) {
        this.#lastFrameAtMs = performance.now();
        if (this.#isClosed) break;
        if (frame.case === "deliveries") this.#options.onDeliveries(frame.value.deliveries);
        if (frame.case === "opened") {
          this.#sessionId = frame.value.sessionId;
          this.#options.onOpened(durationMs(frame.value.leaseDuration ?? DEFAULT_LEASE));
        }
        if (frame.case === "drain") {
          this.#abort.abort();
          return "drain";
        }
      }
      return "end";
    } catch (error) {
      return callErrorOf(error);
    } finally {
      connection.close();
    }
  }

  /** Also ends a stream that the server never opens. */
  #checkSilence(frameTimeoutMs: number): void {
    if (performance.now() - this.#lastFrameAtMs < frameTimeoutMs) return;
    const message = `no frame came for ${frameTimeoutMs / 1_000} s`;
    this.#abort.abort(new ConnectError(message, Code.Unavailable));
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#backoff.nextMs());
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The default of queues. Servers send the lease; the contract only allows them not to. */
const DEFAULT_LEASE = { $typeName: "google.protobuf.Duration", seconds: 30n, nanos: 0 } as const;

function isFinal(error: ConnectError): boolean {
  return FINAL.has(error.code) || isUnencodable(error);
}
