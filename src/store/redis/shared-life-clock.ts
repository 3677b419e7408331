import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { type ClockStep, LifeClock, type LifeClockParts } from "./life-clock.ts";
import type { ScriptClock } from "./script-text/build.ts";
import { storeNowMs } from "./store-now.ts";
import { writeWhenFull } from "./when-full.ts";

export interface SharedLifeClockParts extends Pick<LifeClockParts, "now" | "onStep"> {
  connection: Connection;
  prefix: string;
  /** Where the time comes from, as that of scripts. Default: the store. */
  clock?: ScriptClock;
}

/** A LifeClock, and a key in the store with its step, for servers that start later. */
export class SharedLifeClock {
  readonly clock: LifeClock;
  readonly #connection: Connection;
  readonly #key: string;
  /** Counts what this server saw. */
  #changes = 0;
  #stored = 0;
  /** See `clock`. */
  readonly #testKey: string | undefined;

  constructor({ connection, prefix, clock, now, onStep }: SharedLifeClockParts) {
    this.clock = new LifeClock({ now, onStep, onChange: () => this.#changed() });
    this.#connection = connection;
    this.#key = globalKeys(prefix).clockStep;
    this.#testKey = clock === "key" ? `${prefix}:clock` : undefined;
  }

  /**
   * Before the first use of each connection, and at each sign of life: looks at the clock, and stores what this server saw or
   * reads what others saw.
   */
  async share(): Promise<void> {
    const { clock } = this;
    const [nowMs, text] = await Promise.all([
      this.#storeNowMs(),
      this.#connection.command((redis) => redis.get(this.#key)),
    ]);
    if (nowMs !== undefined) clock.observe(nowMs);
    if (this.#changes !== this.#stored) return this.#save();
    // A failover may have lost it.
    if (text === null && clock.step !== undefined) await this.#store(clock.step);
    else clock.adopt(readStep(text));
  }

  #changed(): void {
    this.#changes++;
    // If this fails, the next sign of life tries again.
    this.#save().catch(() => {});
  }

  async #save(): Promise<void> {
    const changes = this.#changes;
    await this.#store(this.clock.step);
    this.#stored = changes;
  }

  async #store(step: ClockStep | undefined): Promise<void> {
    const leftMs = step === undefined ? 0 : Math.ceil(this.clock.leftMs(step));
    await this.#connection.command<unknown>((redis) =>
      step === undefined || leftMs <= 0
        ? redis.del(this.#key)
        : writeWhenFull(redis, "SET", this.#key, writeStep(step), "PX", leftMs),
    );
  }

  /** Undefined: a test has not set the clock yet. */
  #storeNowMs(): Promise<number | undefined> {
    const key = this.#testKey;
    return this.#connection.command(async (redis) =>
      key === undefined ? storeNowMs(redis) : Number(await redis.get(key)) || undefined,
    );
  }
}

const writeStep = ({ aheadMs, seenAtMs }: ClockStep): string =>
  `${Math.round(aheadMs)} ${Math.round(seenAtMs)}`;

/** Undefined: there is none. */
function readStep(text: string | null): ClockStep | undefined {
  const [, aheadMs, seenAtMs] = /^(\d+) (\d+)$/.exec(text ?? "") ?? [];
  return aheadMs === undefined
    ? undefined
    : { aheadMs: Number(aheadMs), seenAtMs: Number(seenAtMs) };
}
