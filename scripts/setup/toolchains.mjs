// The toolchains of the clients. If one is missing and can't be installed, the tests of its language are left out, and a line
// says so. In CI that is an error.

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

/** CI systems set `CI`. */
export const isCi = !["", "false", "0", undefined].includes(process.env.CI);

/**
 * @param {readonly string[]} languages
 * @returns {string[]} languages whose tools are missing, after a line for each
 * @throws {SetupError} in CI, if tools are missing
 */
export function ensureToolchains(languages = LANGUAGES) {
  return languages.filter((language) => {
    const toolchain = TOOLCHAINS[language];
    try {
      toolchain?.ensure();
      return false;
    } catch (error) {
      if (!(error instanceof SetupError) || isCi) throw error;
      const reason = error.message.split(/\s*\n\s*/).join("; ");
      process.stderr.write(`${toolchain?.name}'s tests are left out. ${reason}\n`);
      return true;
    }
  });
}

/** For the environment of tests, which leave out these languages. @param {readonly string[]} languages */
export function leavingOut(languages) {
  return languages.length === 0 ? {} : { DLQ_TEST_LEFT_OUT: languages.join(",") };
}
