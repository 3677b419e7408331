// The Go of the tests.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const RUNTIME = resolve(import.meta.dirname, "../../.runtime");

/** DLQ_GO, which `npm test` sets, else the one in PATH. */
export function findGo(): string {
  const go = process.env.DLQ_GO ?? "go";
  if (go.includes("/") && !existsSync(go)) {
    throw new Error(`no Go at ${go}: run \`npm test\` once, or set DLQ_GO to Go 1.24 or newer`);
  }
  return go;
}

/** Modules and builds are kept in .runtime, so that later runs are quick. */
export function goEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GOPATH: join(RUNTIME, "gopath"),
    GOCACHE: join(RUNTIME, "gocache"),
    GOFLAGS: "-modcacherw -buildvcs=false", // so that `rm -rf` can remove the sources
  };
}
