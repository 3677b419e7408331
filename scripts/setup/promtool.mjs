// promtool, which checks alert rules and metrics. It is taken out of Debian's package: installing that would start a
// Prometheus on this machine.

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inPath, isExecutable, RUNTIME_BIN } from "./places.mjs";
import { announce, run, SetupError, tryRun } from "./step.mjs";

const PACKED = "usr/bin/promtool";
const BUILT = join(RUNTIME_BIN, "promtool");

/** @returns {string} its path */
export function ensurePromtool() {
  const found = process.env.DLQ_PROMTOOL || inPath("promtool");
  if (found) return found;
  if (!isExecutable(BUILT)) unpack();
  return BUILT;
}

function unpack() {
  if (inPath("apt-get") === undefined || inPath("dpkg-deb") === undefined) {
    throw new SetupError("no promtool: install Prometheus, or set DLQ_PROMTOOL to a promtool.");
  }
  announce("promtool", "apt-get download prometheus, into .runtime/bin");
  const cwd = mkdtempSync(join(tmpdir(), "dlq-promtool-"));
  try {
    const download = ["download", "prometheus"];
    if (!tryRun("apt-get", download, { cwd }).ok) {
      run("apt-get", ["update"]); // a new image has no package lists
      run("apt-get", download, { cwd });
    }
    run("sh", ["-c", "dpkg-deb -x prometheus_*.deb ."], { cwd });
    cpSync(join(cwd, PACKED), BUILT);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
