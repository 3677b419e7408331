// The redis-server binary. Not from Debian's package `redis-server`, which also enables a service of the system:
// `redis-tools` has the same binary as `redis-check-rdb`, which is a server when it is called by that name.

import { mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { inPath, isExecutable, RUNTIME_BIN } from "./places.mjs";
import { announce, SetupError, setupIsOff, tryRun } from "./step.mjs";
import { installPackages, mayInstallPackages } from "./system-packages.mjs";

const OLDEST_MAJOR = 7;
const LINK = join(RUNTIME_BIN, "redis-server");

/** Flags with which the server needs no binary of this script. */
const UNNEEDED_FLAGS = ["--redis-url", "--redis-sentinels", "--redis-server", "--help", "-h"];

/** @param {readonly string[]} args of the server */
export function needsRedisServer(args) {
  const { DLQ_REDIS_URL, DLQ_REDIS_SENTINELS } = process.env;
  if (DLQ_REDIS_URL || DLQ_REDIS_SENTINELS) return false;
  if (args.some((arg) => UNNEEDED_FLAGS.includes(arg.split("=", 1)[0] ?? ""))) return false;
  const at = args.lastIndexOf("--config");
  const attached = args.findLast((arg) => arg.startsWith("--config="))?.slice("--config=".length);
  const file = attached ?? (at < 0 ? process.env.DLQ_CONFIG : args[at + 1]);
  return file === undefined || !namesRedis(file);
}

/** A pattern is enough here: the server itself parses the file. @param {string} file */
function namesRedis(file) {
  try {
    return /^redis[-_]?(url|sentinels|server)["']?\s*:/im.test(readFileSync(file, "utf8"));
  } catch {
    return true; // the server reports the error
  }
}

/** @returns {string} the path of a redis-server that is new enough */
export function ensureRedisServer() {
  const given = process.env.DLQ_REDIS_SERVER;
  if (given) {
    const version = versionOf(given);
    if (version && version >= OLDEST_MAJOR) return given;
    throw new SetupError(
      `DLQ_REDIS_SERVER names ${given}, which is not redis-server ${OLDEST_MAJOR}.0 or newer.`,
    );
  }
  const found = search();
  if (found !== undefined) return found;
  if (setupIsOff || !mayInstallPackages()) throw new SetupError(advice());
  installPackages("redis-server", ["redis-tools"]);
  const installed = search();
  if (installed === undefined) throw new SetupError(advice());
  return installed;
}

function search() {
  const ready = [inPath("redis-server"), LINK].find((path) => path && isRecent(path));
  if (ready !== undefined) return ready;
  const twin = inPath("redis-check-rdb");
  if (twin === undefined || setupIsOff) return undefined;
  announce("redis-server", `a link to ${twin}, which is the same program`);
  mkdirSync(RUNTIME_BIN, { recursive: true });
  rmSync(LINK, { force: true });
  symlinkSync(twin, LINK);
  return isRecent(LINK) ? LINK : undefined;
}

/** @param {string} path */
function isRecent(path) {
  return isExecutable(path) && (versionOf(path) ?? 0) >= OLDEST_MAJOR;
}

/** The major version; Valkey's begins at 7. @param {string} path */
function versionOf(path) {
  const { stdout } = tryRun(path, ["--version"]);
  const major = /(?:Redis|Valkey) server v=(\d+)\./.exec(stdout)?.[1];
  return major === undefined ? undefined : Number(major);
}

function advice() {
  return `No redis-server ${OLDEST_MAJOR}.0 or newer was found. Either install one:
  Debian, Ubuntu   sudo apt-get install redis-tools   (the binary, without a system service)
  Fedora           sudo dnf install redis
  macOS            brew install redis
or say where one is:
  DLQ_REDIS_SERVER=/path/to/redis-server npm start    (run by this service, data in ./data)
  DLQ_REDIS_URL=redis://host:6379 npm start           (a Redis that runs already)`;
}
