import { LEASE_MS } from "./environment.ts";
import { Follower } from "./follower.ts";

const EVERY_MS = 20;
/** How long the store keeps its answers to requests: three hashes of five minutes each. */
const REMEMBERED_MS = 900_000;

/** A delivery in the history of an actor. */
export interface SeenDelivery {
  readonly queue: string;
  /** The end of its lease, which begins when it is issued. */
  readonly expires: number;
}

/**
 * Follows the histories of actors while they are written. It uses the time of issue of deliveries, because a delivery that
 * waited in a link or in a stopped worker does not show that the system works.
 */
export class HistoryFollower {
  readonly #files = new Map<string, Follower>();
  readonly #timer: NodeJS.Timeout;
  /** Queue -> when its latest received delivery was issued. */
  readonly lastByQueue = new Map<string, number>();
  /** Actor -> the same. */
  readonly lastByActor = new Map<string, number>();
  deliveries = 0;
  /** The largest difference between sends and deliveries: at least this many messages were stored. */
  maxBehind = 0;
  /** The most answers to sends and Acks in one `REMEMBERED_MS`. */
  maxRemembered = 0;
  /** [when, sends and outcomes until then], every second of the last `REMEMBERED_MS`. */
  readonly #answers: [number, number][] = [];
  /** Acknowledged sends. */
  sent = 0;
  /** Tries of sends that were answered RESOURCE_EXHAUSTED, because the store is full. */
  refusedFull = 0;
  /** Tries of sends that were answered UNAVAILABLE. */
  unavailable = 0;
  /** Answers to Acks with an applied outcome. */
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
    this.#countAnswers(performance.now());
  }

  stop(): void {
    clearInterval(this.#timer);
    this.look();
  }

  #countAnswers(nowMs: number): void {
    const latest = this.#answers.at(-1);
    if (latest !== undefined && nowMs - latest[0] < 1_000) return;
    const all = this.sent + this.applied;
    this.#answers.push([nowMs, all]);
    while ((this.#answers[0]?.[0] ?? nowMs) < nowMs - REMEMBERED_MS) this.#answers.shift();
    this.maxRemembered = Math.max(this.maxRemembered, all - (this.#answers[0]?.[1] ?? 0));
  }

  #take(actor: string, line: string): void {
    // Not parsed as JSON: there are thousands of lines per second.
    if (line.includes('"e":"sent"')) {
      this.sent++;
      this.maxBehind = Math.max(this.maxBehind, this.sent - this.deliveries);
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
