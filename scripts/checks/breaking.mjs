// `buf breaking`: the contract must not break those who use what landed before. What landed is
// taken from git, without tags:
// - DLQ_TEST_BREAKING_AGAINST, a commit, where a CI system knows best;
// - else where this branch left origin's default branch;
// - else (on that branch itself, or without a remote) the commit before this one.
// A clone too shallow to have that commit, or one from before the contract, has nothing to compare.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * @param {(command: readonly string[]) => { ok: boolean, output: string, stdout: string }} run
 * @returns {{ ok: boolean, output: string, skipped?: string }}
 */
export function checkBreaking(run) {
  const base = baseline(run);
  if (base === undefined) return { ok: true, output: "", skipped: "no earlier commit here" };
  if (!run(["git", "cat-file", "-e", `${base}:proto`]).ok) {
    return { ok: true, output: "", skipped: `no contract in ${base.slice(0, 12)} yet` };
  }
  const work = mkdtempSync(join(tmpdir(), "dlq-breaking-"));
  try {
    const before = join(work, "before");
    const archive = join(work, "proto.tar");
    mkdirSync(before);
    const steps = [
      ["git", "archive", "--format=tar", "-o", archive, base, "proto"],
      ["tar", "-xf", archive, "-C", before],
      ["buf", "breaking", "proto", "--against", join(before, "proto")],
    ];
    for (const step of steps) {
      const result = run(step);
      if (!result.ok) return { ok: false, output: `against ${base}:\n${result.output}` };
    }
    return { ok: true, output: "" };
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** @param {(command: readonly string[]) => { ok: boolean, stdout: string }} run */
function baseline(run) {
  const commit = (/** @type {string[]} */ ...command) => {
    const { ok, stdout } = run(["git", ...command]);
    return ok ? stdout.trim() : undefined;
  };
  const resolved = (/** @type {string} */ name) =>
    commit("rev-parse", "--verify", "--quiet", `${name}^{commit}`);
  const given = process.env.DLQ_TEST_BREAKING_AGAINST;
  if (given) return resolved(given) ?? given;
  const head = resolved("HEAD");
  const remote = ["origin/HEAD", "origin/main"].find((name) => resolved(name) !== undefined);
  const fork = remote && commit("merge-base", "HEAD", remote);
  return fork && fork !== head ? fork : resolved("HEAD^");
}
