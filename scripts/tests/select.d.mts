export function allTests(): readonly string[];
export function splitArguments(args: readonly string[]): {
  readonly paths: readonly string[];
  readonly options: readonly string[];
};
export function testsOf(paths: readonly string[]): readonly string[];
