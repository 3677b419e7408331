// What the clients of other languages are built and tested with. Where a machine hasn't it, and it
// can't be installed either, the tests of that language are left out, in so many words; not in CI.

import { ensureGo } from "./go-tools.mjs";
import { ensureJava } from "./java.mjs";
import { ensureRust } from "./rust.mjs";
import { SetupError } from "./step.mjs";

/** @type {Readonly<Record<string, { name: string, ensure(): unknown }>>} */
const TOOLCHAINS = {
  go: { name: "Go", ensure: ensureGo },
  java: { name: "Java", ensure: ensureJava },
  rust: { name: "Rust", ensure: ensureRust },
};

export const LANGUAGES = Object.keys(TOOLCHAINS);

/** As CI systems set it. */
export const isCi = !["", "false", "0", undefined].includes(process.env.CI);

/**
 * @param {readonly string[]} languages of which there must be tools
 * @returns {string[]} those that have none here; each was told in a line
 * @throws {SetupError} in CI, which leaves nothing out
 */
export function ensureToolchains(languages = LANGUAGES) {
  return languages.filter((language) => {
    const toolchain = TOOLCHAINS[language];
    try {
      toolchain?.ensure();
      return false;
    } catch (error) {
      if (!(error instanceof SetupError) || isCi) throw error;
      const why = error.message.split(/\s*\n\s*/).join("; ");
      process.stderr.write(`${toolchain?.name}'s tests are left out. ${why}\n`);
      return true;
    }
  });
}

/** Tells tests, checks and the fault suite what to leave out. @param {readonly string[]} languages */
export function leavingOut(languages) {
  return languages.length === 0 ? {} : { DLQ_TEST_LEFT_OUT: languages.join(",") };
}
