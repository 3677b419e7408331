/**
 * The file of a language: the runtime, and failures by library and name.
 *
 * @param {string} runtime
 * @param {readonly Record<string, unknown>[]} failures
 * @throws {Error} if two failures have the same name
 */
export function goldenSet(runtime, failures) {
  const names = failures.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`two failures are called ${twice}`);
  const libraries = Object.groupBy(failures, ({ library }) => library);
  return { runtime, libraries: Object.fromEntries(Object.entries(libraries).map(byName)) };
}

function byName([library, failures]) {
  return [
    library,
    Object.fromEntries(
      failures.map(({ name, library: _, runtime: __, ...facts }) => [name, facts]),
    ),
  ];
}
