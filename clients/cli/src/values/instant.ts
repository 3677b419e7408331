const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|UTC|[+-]\d\d:\d\d)?$/i;

/**
 * Reads a time of ISO 8601 as dlq prints it, in ms since 1970. Without an offset it is in UTC. Undefined: it is none, or there is
 * no such day.
 */
export function parseInstant(text: string): number | undefined {
  const [, day, time, zone = "UTC"] = TIME.exec(text) ?? [];
  if (day === undefined) return undefined;
  const atMs = Date.parse(`${day}T${time}${zone.replace(/utc/i, "Z")}`);
  // A 31st of February would be in March.
  const isDay = new Date(Date.parse(day)).toJSON()?.startsWith(day) === true;
  return Number.isNaN(atMs) || !isDay ? undefined : atMs;
}
