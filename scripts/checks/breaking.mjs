// `buf breaking`: the contract stays compatible with its last release. `npm run release:contract` writes that release as
// descriptors into the tree, so that shallow clones can compare, too.

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
    output: `${output}\nA released field or value stays; add a new one beside it.`,
  };
}
