/** How an outage goes. */
export interface Plan {
  readonly outageMs: number;
  /** Sends a second of each language. */
  readonly rate: number;
  /** Load before the server goes. */
  readonly warmUpMs: number;
  /** From the end of a killed producer to the start of the next one. */
  readonly replaceAfterMs: number;
  /** Load after the last producer was replaced. */
  readonly afterMs: number;
  /** Whether what a killed producer left must be adopted by the other one, before the next one starts. */
  readonly mustAdopt: boolean;
}

const MINUTE_MS = 60_000;
/** Longer than clients take to look again for what others have left (30 s). */
const ADOPTION_MS = 45_000;

export function planOf(minutes: number, rate: number): Plan {
  const outageMs = minutes * MINUTE_MS;
  const isLong = outageMs >= 4 * ADOPTION_MS;
  return {
    outageMs,
    rate,
    warmUpMs: isLong ? 20_000 : 2_000,
    replaceAfterMs: isLong ? ADOPTION_MS : outageMs / 4,
    afterMs: isLong ? 20_000 : 2_000,
    mustAdopt: isLong,
  };
}
