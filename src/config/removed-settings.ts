/** Settings of earlier versions that no longer exist: what to do now. */
const REMOVED: ReadonlyMap<string, string> = new Map([
  ["journal-max-entries", "it was removed; outbox-max bounds the outbox by bytes"],
]);

/** Returns the hint for a removed setting, by its flag, variable or YAML key. Undefined: there never was such a setting. */
export function removedHint(name: string): { hint: string } | undefined {
  const setting = name
    .toLowerCase()
    .replace(/^(?:--|dlq_)/, "")
    .replaceAll("_", "-");
  const hint = REMOVED.get(setting);
  return hint === undefined ? undefined : { hint };
}
