import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { findPython, pythonEnvironment } from "../support/python.ts";

const PACKAGE = resolve(import.meta.dirname, "../../clients/python");
const GENERATED = join(PACKAGE, "src/dlq/v1");

const read = (...path: string[]) => readFileSync(join(PACKAGE, ...path), "utf8");
const stubs = readdirSync(GENERATED).filter((name) => name.endsWith(".py"));

/** The lower bound of a dependency in pyproject.toml. */
function floorOf(dependency: string): string | undefined {
  return new RegExp(`"${dependency}>=([0-9.]+)`).exec(read("pyproject.toml"))?.[1];
}

it("dependency bounds equal the versions that the generated files require", () => {
  const grpc = /GRPC_GENERATED_VERSION = '(.+)'/.exec(read("src/dlq/v1/dlq_service_pb2_grpc.py"));
  const protobuf = /^# Protobuf Python Version: (.+)$/m.exec(read("src/dlq/v1/state_pb2.py"));
  expect(floorOf("grpcio")).toBe(grpc?.[1]);
  expect(floorOf("protobuf")).toBe(protobuf?.[1]);
});

it("every generated module can be imported without a warning", () => {
  const modules = stubs
    .filter((name) => name !== "__init__.py")
    .map((name) => `dlq.v1.${name.slice(0, -".py".length)}`);
  expect(modules).toContain("dlq.v1.dlq_service_pb2_grpc");
  const program = ["import dlq", ...modules.map((name) => `import ${name}`)].join("\n");
  execFileSync(findPython(), ["-W", "error", "-c", program], { env: pythonEnvironment() });
});

it("the package has no stubs of internal protos", () => {
  for (const name of stubs) {
    expect(readFileSync(join(GENERATED, name), "utf8"), name).not.toContain("dlq.storage");
  }
});
