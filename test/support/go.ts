// The Go that the tests build and test the Go client with.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const RUNTIME = resolve(import.meta.dirname, "../../.runtime");

/** DLQ_GO, as `npm test` sets it; else that of the PATH. */
export function findGo(): string {
  const go = process.env.DLQ_GO ?? "go";
  if (go.includes("/") && !existsSync(go)) {
    throw new Error(`no Go at ${go}: run \`npm test\` once, or set DLQ_GO to Go 1.24 or newer`);
  }
  return go;
}

/** Its modules and what it has built are kept below .runtime, so that the second time is quick. */
export function goEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GOPATH: join(RUNTIME, "gopath"),
    GOCACHE: join(RUNTIME, "gocache"),
    GOFLAGS: "-modcacherw -buildvcs=false", // else not even `rm -rf` gets rid of the sources
  };
}
