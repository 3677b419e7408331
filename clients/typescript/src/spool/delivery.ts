import { Code } from "@connectrpc/connect";
import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { Backoff } from "../backoff.ts";
import { callErrorOf, isForGood, isWorthAgain, neverArrived, refusalOf } from "../call-error.ts";
import type { DlqClientError } from "../errors.ts";
import type { Line } from "../line.ts";
import type { Reachability } from "../reachability.ts";
import { type Answer, callSend, isOfTheWholeCall, withoutService } from "../send-call.ts";
import { CallSize } from "./call-size.ts";
import type { LetterStore } from "./letter-store.ts";
import { PassTime } from "./pass-time.ts";
import type { Shelf } from "./shelf.ts";
import type { SpoolNews } from "./spool-news.ts";

/** What a {@link SpoolDelivery} is made of. */
export interface SpoolDeliveryOptions {
  readonly shelf: Shelf;
  readonly line: Line;
  readonly reachability: Reachability;
  /** The service refused it for good. */
  readonly onRefused: (error: DlqClientError, queue: string) => void;
  readonly news: SpoolNews;
  readonly tell: (words: string) => void;
}

interface Letter {
  readonly position: number;
  readonly request: SendToDlqRequest;
}

const MOST_MESSAGES = 100;
const TRY_TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 30_000;

/** Delivers what is on the shelf, oldest first, until nothing is left. Keeps no process alive. */
export class SpoolDelivery {
  readonly #options: SpoolDeliveryOptions;
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, MOST_PAUSE_MS);
  readonly #size = new CallSize();
  readonly #passTime = new PassTime();
  readonly #news: SpoolNews;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: SpoolDeliveryOptions) {
    this.#options = options;
    this.#news = options.news;
  }

  /** There is something to deliver: soon, if nothing is on its way already. */
  start(): void {
    if (this.#isClosed || this.#pass !== undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.hasten(), this.#backoff.nextMs()).unref();
  }

  /** The service is known to be there: at once. */
  hasten(): void {
    if (this.#isClosed || this.#pass !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pass = this.#deliverAll().finally(() => {
      this.#pass = undefined;
      if (this.#options.shelf.count === 0) return;
      // What was left has waited long enough, although there are others to try.
      if (this.#passTime.isOver()) this.hasten();
      else this.start();
    });
  }

  /** Begins no more calls; resolves when the last one is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** Once over everything; never rejects. */
  async #deliverAll(): Promise<void> {
    let isAllDone = true;
    this.#passTime.begin();
    try {
      for (const store of this.#options.shelf.stores) {
        isAllDone = (await this.#deliverFrom(store)) && isAllDone;
      }
    } catch {
      isAllDone = false; // the service is away
    }
    if (isAllDone) this.#backoff.reset();
  }

  /** @returns whether none was left that is to be tried again */
  async #deliverFrom(store: LetterStore): Promise<boolean> {
    let isAllDone = true;
    let position = -1;
    while (!this.#isClosed && !this.#passTime.isOver()) {
      const letters = await store
        .read(position, MOST_MESSAGES, this.#size.bytes)
        .catch(() => undefined);
      if (letters === undefined) return false; // of this file; the others may be read
      const last = letters.at(-1);
      if (last === undefined) return isAllDone;
      position = last.position;
      const readable = letters.flatMap(({ request, ...rest }) =>
        request === undefined ? [] : [{ request, ...rest }],
      );
      const lost = letters.length - readable.length;
      if (lost > 0) this.#options.tell(`has lost ${lost} letters, for their file is damaged`);
      const again = await this.#send(readable);
      const left = new Set(again.map((letter) => letter.position));
      const done = letters.filter((letter) => !left.has(letter.position));
      this.#passTime.tried(letters.length, left.size);
      if (left.size > 0) isAllDone = false;
      if (done.length > 0) {
        await this.#options.shelf.finish(
          store,
          done.map((letter) => letter.position),
        );
      }
    }
    return false;
  }

  /** @returns those that are to be tried again; rejects where the service can't be reached */
  async #send(letters: readonly Letter[]): Promise<readonly Letter[]> {
    if (letters.length === 0 || this.#isClosed) return letters;
    const { line, reachability } = this.#options;
    const { stubs } = line;
    const beganAtMs = performance.now();
    let answers: readonly Answer[];
    try {
      const requests = letters.map(({ request }) => request);
      answers = await callSend(stubs, requests, TRY_TIMEOUT_MS);
      const away = withoutService(answers);
      if (away !== undefined) throw away;
      reachability.answered(beganAtMs);
      this.#size.answered(performance.now() - beganAtMs);
    } catch (reason) {
      const error = callErrorOf(reason);
      line.failed(stubs, error);
      if (isWorthAgain(error) && error.code !== Code.ResourceExhausted) {
        reachability.failed(beganAtMs, error);
        if (!this.#isClosed) this.#news.tellOf(error); // else its end has ended the call
        if (!neverArrived(error)) this.#size.unanswered();
        throw error;
      }
      reachability.answered(beganAtMs); // that it refuses is an answer, too
      if (letters.length === 1) answers = [{ error }];
      else if (!isOfTheWholeCall(error)) {
        this.#news.tellOf(error);
        throw error;
      } else {
        // One of them spoils it for all; the halves find out which.
        const middle = letters.length >> 1;
        const first = await this.#send(letters.slice(0, middle));
        return [...first, ...(await this.#send(letters.slice(middle)))];
      }
    }
    return letters.filter((letter, at) => !this.#isDone(letter, answers[at]));
  }

  #isDone({ request }: Letter, answer: Answer | undefined): boolean {
    if (answer?.response !== undefined) return true;
    if (answer === undefined) return false;
    if (!isForGood(answer.error)) {
      if (!isWorthAgain(answer.error)) this.#news.tellOf(answer.error);
      return false;
    }
    // Before it was kept, a try may have gone out.
    this.#options.onRefused(refusalOf(answer.error, true), request.queue);
    return true;
  }
}
