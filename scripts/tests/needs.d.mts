export function needsOf(files: readonly string[]): ReadonlySet<string>;
