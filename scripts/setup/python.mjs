// A Python with the pinned packages, for tests and for generating the stubs of the Python client.

import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inPath, ROOT, RUNTIME } from "./places.mjs";
import { announce, run, SetupError, tryRun } from "./step.mjs";
import { installPackages, mayInstallPackages } from "./system-packages.mjs";

const REQUIREMENTS = join(ROOT, "scripts/python-requirements.txt");
const VENV = join(RUNTIME, "venv");
const PYTHON = join(VENV, "bin/python");

/** A copy of the installed requirements. If they differ now, they are installed again. */
const STAMP = join(VENV, "requirements.txt");

/** @returns {string} the path of a Python that has the packages */
export function ensurePython() {
  if (process.env.DLQ_PYTHON) return process.env.DLQ_PYTHON;
  if (text(STAMP) === text(REQUIREMENTS)) return PYTHON;
  announce("Python packages", "pip install -r scripts/python-requirements.txt, in .runtime/venv");
  if (!createVenv()) {
    if (!mayInstallPackages()) {
      throw new SetupError(
        "The tests need Python 3.10 or newer with its venv module.\n" +
          "Debian, Ubuntu: sudo apt-get install python3-venv. Or set DLQ_PYTHON to a Python that " +
          "has scripts/python-requirements.txt installed.",
      );
    }
    installPackages("Python", ["python3-venv"]);
    if (!createVenv()) throw new SetupError("python3 -m venv does not work on this machine.");
  }
  pip(["install", "-r", REQUIREMENTS]);
  copyFileSync(REQUIREMENTS, STAMP);
  return PYTHON;
}

/**
 * Runs pip in this Python.
 * @param {readonly string[]} args
 */
export function pip(args) {
  run(PYTHON, ["-m", "pip", "--quiet", "--disable-pip-version-check", ...args]);
}

function createVenv() {
  return (
    inPath("python3") !== undefined &&
    // An existing one is used again, unless its Python is gone.
    [[], ["--clear"]].some(
      (clear) => tryRun("python3", ["-m", "venv", ...clear, VENV]).ok && isRecentPython(),
    )
  );
}

function isRecentPython() {
  return tryRun(PYTHON, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).ok;
}

/** @param {string} file */
function text(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
