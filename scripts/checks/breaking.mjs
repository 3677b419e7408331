// `buf breaking`: the contract must not break those who use what was released. What was released
// is a descriptor set in the tree, so that any clone can compare, however shallow; it is written
// anew with each release, by `npm run release:contract`.

export const RELEASED = "proto/released.binpb";

/**
 * @param {(command: readonly string[]) => { ok: boolean, output: string }} run
 * @returns {{ ok: boolean, output: string }}
 */
export function checkBreaking(run) {
  const { ok, output } = run(["buf", "breaking", "proto", "--against", RELEASED]);
  if (ok) return { ok, output };
  return {
    ok,
    output: `${output}\nA field or value that was released stays; add a new one beside it.`,
  };
}
