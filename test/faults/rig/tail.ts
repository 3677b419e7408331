import { LEASE_MS } from "./environment.ts";
import { Follower } from "./follower.ts";

const EVERY_MS = 20;

/** A delivery that an actor has written down. */
export interface SeenDelivery {
  readonly queue: string;
  /** The end of its lease, which begins when it is issued. */
  readonly expires: number;
}

/**
 * Follows the histories of workers while they are written: when was the latest that they got
 * issued? What was issued before and lay in a link or in a stopped worker is no sign of life.
 */
export class Tail {
  readonly #files = new Map<string, Follower>();
  readonly #timer: NodeJS.Timeout;
  /** Queue -> when the latest delivery of it that an actor has seen was issued. */
  readonly lastByQueue = new Map<string, number>();
  /** Actor -> the same. */
  readonly lastByActor = new Map<string, number>();
  deliveries = 0;
  /** The most by which deliveries were behind sends: at least so many messages were stored then. */
  mostBehind = 0;
  /** Messages that a producer knows to be stored. */
  sent = 0;
  /** Tries of a send that were refused because the store is full. */
  refusedFull = 0;
  /** Tries of a send that were answered UNAVAILABLE. */
  unavailable = 0;
  /** Answers to outcomes of which some were applied. */
  applied = 0;

  constructor() {
    this.#timer = setInterval(() => this.look(), EVERY_MS);
  }

  follow(actor: string, path: string): void {
    this.#files.set(actor, new Follower(path));
  }

  forget(actor: string): void {
    this.look();
    this.#files.delete(actor);
    this.lastByActor.delete(actor);
  }

  look(): void {
    for (const [actor, file] of this.#files) {
      for (const line of file.newLines()) this.#take(actor, line);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.look();
  }

  #take(actor: string, line: string): void {
    // Cheaper than reading all as JSON: there are thousands a second.
    if (line.includes('"e":"sent"')) {
      this.sent++;
      this.mostBehind = Math.max(this.mostBehind, this.sent - this.deliveries);
    }
    if (line.includes('"e":"acked"') && line.includes('"APPLIED"')) this.applied++;
    if (line.includes('"e":"unsent"')) {
      if (/"(ResourceExhausted|RESOURCE_EXHAUSTED)"/.test(line)) this.refusedFull++;
      if (/"(Unavailable|UNAVAILABLE)"/.test(line)) this.unavailable++;
    }
    if (!line.includes('"delivered"')) return;
    const { queue, expires } = JSON.parse(line) as SeenDelivery;
    const issuedAt = expires - LEASE_MS;
    this.deliveries++;
    later(this.lastByActor, actor, issuedAt);
    later(this.lastByQueue, queue, issuedAt);
  }
}

function later(times: Map<string, number>, key: string, at: number): void {
  if (at > (times.get(key) ?? 0)) times.set(key, at);
}
