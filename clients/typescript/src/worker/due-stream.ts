import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Delivery } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { Backoff } from "../backoff.ts";
import { callErrorOf, cannotBeWritten, refusalOf, wordsOf } from "../call-error.ts";
import type { Connection } from "../connection.ts";
import { DlqClientError } from "../errors.ts";

/** What a {@link DueStream} asks for, and whom it tells. */
export interface DueStreamOptions {
  /** A connection of its own for each stream. */
  readonly connect: () => Connection;
  readonly open: (
    connection: Connection,
    resumeSessionId: string,
    signal: AbortSignal,
  ) => ReturnType<Connection["stubs"]["streamDue"]>;
  readonly onOpened: (leaseMs: number) => void;
  readonly onDeliveries: (deliveries: readonly Delivery[]) => void;
  readonly onBroken: (error: DlqClientError) => void;
  /** Called between two streams of a session. */
  readonly beforeResume: (sessionId: string) => Promise<void>;
  /** A stream that says nothing for so long is dead; the server says something every 10 s. */
  readonly silenceMs?: number;
}

const FIRST_PAUSE_MS = 50;
const MOST_PAUSE_MS = 5_000;
/** A stream that has lived this long was no failed try to open one. */
const GOOD_AFTER_MS = 1_000;
const SILENCE_MS = 25_000;

/**
 * Statuses that trying again can't change: the request itself is wrong, or the server another one.
 * Not once a stream has been open: then it is a proxy whose servers are away, or a deployment.
 */
const FINAL: ReadonlySet<Code> = new Set([Code.InvalidArgument, Code.Unimplemented]);

/** One worker's stream: opened again whenever it ends, with its session, until it is closed. */
export class DueStream {
  /** Resolves when it was closed; rejects when the server refuses it for good. */
  readonly done: Promise<void>;
  readonly #options: DueStreamOptions;
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, MOST_PAUSE_MS);
  readonly #watch: NodeJS.Timeout;
  #sessionId = "";
  #heardAtMs = 0;
  #abort = new AbortController();
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor(options: DueStreamOptions) {
    this.#options = options;
    const { silenceMs = SILENCE_MS } = options;
    this.#watch = setInterval(() => this.#look(silenceMs), silenceMs / 10).unref();
    this.done = this.#keep().finally(() => clearInterval(this.#watch));
  }

  get sessionId(): string {
    return this.#sessionId;
  }

  close(): void {
    this.#isClosed = true;
    this.#abort.abort();
    this.#wake?.();
  }

  async #keep(): Promise<void> {
    while (!this.#isClosed) {
      const startedAtMs = performance.now();
      const end = await this.#read();
      if (this.#isClosed) return;
      if (end instanceof ConnectError) {
        if (this.#sessionId === "" && isFinal(end)) throw refusalOf(end);
        this.#options.onBroken(brokenBy(end));
      }
      const wasGood = performance.now() - startedAtMs > GOOD_AFTER_MS;
      if (wasGood) this.#backoff.reset();
      if (end !== "drain" || !wasGood) await this.#pause();
      if (this.#isClosed || this.#sessionId === "") continue;
      await this.#options.beforeResume(this.#sessionId);
    }
  }

  /** One stream to its end; never rejects. */
  async #read(): Promise<ConnectError | "drain" | "end"> {
    this.#heardAtMs = performance.now();
    this.#abort = new AbortController();
    const connection = this.#options.connect();
    try {
      const stream = this.#options.open(connection, this.#sessionId, this.#abort.signal);
      for await (const { frame } of stream) {
        this.#heardAtMs = performance.now();
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

  /** Also covers the opening of a stream that never answers. */
  #look(silenceMs: number): void {
    if (performance.now() - this.#heardAtMs < silenceMs) return;
    const words = `nothing was heard for ${silenceMs / 1_000} s`;
    this.#abort.abort(new ConnectError(words, Code.Unavailable));
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#backoff.nextMs());
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const DEFAULT_LEASE = { $typeName: "google.protobuf.Duration", seconds: 30n, nanos: 0 } as const;

function isFinal(error: ConnectError): boolean {
  return FINAL.has(error.code) || cannotBeWritten(error);
}

function brokenBy(error: ConnectError): DlqClientError {
  if (error.code === Code.Unauthenticated || error.code === Code.PermissionDenied) {
    return refusalOf(error);
  }
  const words = `the stream of due messages broke and is opened again: ${wordsOf(error)}`;
  return new DlqClientError("connection", words, { code: error.code, cause: error });
}
