import { compact } from "../bench/report/table.ts";
import type { Team } from "./team.ts";

export type Phase = "serving" | "unavailable" | "returning" | "back" | "settling";

const EVERY_MS = 10_000;
const LOOK_EVERY_MS = 500;
const MIB = 1024 ** 2;

/** Prints how the run goes, and measures how large the spools become. */
export class Progress {
  phase: Phase = "serving";
  readonly #teams: readonly Team[];
  readonly #print: (line: string) => void;
  readonly #most = new Map<Team, { spoolBytes: number; spoolFiles: number }>();
  readonly #startedAtMs = performance.now();
  #timers: NodeJS.Timeout[] = [];

  constructor(teams: readonly Team[], print: (line: string) => void) {
    this.#teams = teams;
    this.#print = print;
  }

  start(phase: Phase): void {
    this.phase = phase;
    this.#timers = [
      setInterval(() => this.#printLine(), EVERY_MS),
      setInterval(() => void this.#look(), LOOK_EVERY_MS),
    ];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  mostOf(team: Team): { readonly spoolBytes: number; readonly spoolFiles: number } {
    return this.#most.get(team) ?? { spoolBytes: 0, spoolFiles: 0 };
  }

  #printLine(): void {
    const seconds = Math.round((performance.now() - this.#startedAtMs) / 1_000);
    const parts = this.#teams.map((team) => {
      const { counts, handled } = team.ledger;
      const { spoolBytes } = this.#most.get(team) ?? { spoolBytes: 0 };
      return (
        `${team.name} ${counts.sending} sends, ${counts.sent + counts.joined} sent, ` +
        `${counts.spooled} spooled (most ${compact(spoolBytes / MIB)} MiB), ` +
        `${counts.dropped} dropped, ${handled} processed`
      );
    });
    this.#print(`${String(seconds).padStart(5)} s  ${this.phase.padEnd(11)}  ${parts.join("; ")}`);
  }

  async #look(): Promise<void> {
    for (const team of this.#teams) {
      team.read();
      const { bytes, names } = await team.spool();
      const most = this.mostOf(team);
      this.#most.set(team, {
        spoolBytes: Math.max(most.spoolBytes, bytes),
        spoolFiles: Math.max(most.spoolFiles, names.length),
      });
    }
  }
}
