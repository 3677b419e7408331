// A protoc plugin for `buf generate` that writes the Python stubs of one proto package.
//
// The generators of Python are inside the protoc of `grpcio-tools`. This plugin runs that protoc on the descriptors of buf's
// request and returns its files. Its option `package=dlq.v1` selects one package. Files are named relative to the folder of
// the package: buf empties the output folder.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { grpcTypes } from "./python-grpc-types.mjs";

const ROOT = resolve(import.meta.dirname, "../..");
const PINS = join(ROOT, "scripts/python-requirements.txt");

// protoc.main, not `-m grpc_tools.protoc`: that adds an include path, which protoc refuses together with descriptors.
// Another version of grpcio-tools would write other stubs, and raise the oldest grpcio and protobuf of their users.
const PROTOC = `
import sys
from importlib.metadata import version
from grpc_tools import protoc
pin, args = sys.argv[1], sys.argv[2:]
if version("grpcio-tools") != pin:
    sys.exit(f"grpcio-tools {version('grpcio-tools')} is installed, the stubs need {pin}")
sys.exit(protoc.main(["protoc", *args]))
`;

/** @param {import("@bufbuild/protobuf/wkt").CodeGeneratorRequest} request */
function generate(request) {
  const wanted = /^package=([a-z0-9_.]+)$/.exec(request.parameter)?.[1];
  if (wanted === undefined) throw new Error("needs one option, such as package=dlq.v1");
  const sources = request.protoFile.filter(
    (file) => file.package === wanted && request.fileToGenerate.includes(file.name),
  );
  if (sources.length === 0) return [];

  const work = mkdtempSync(join(tmpdir(), "dlq-generate-"));
  try {
    const descriptors = join(work, "descriptors.binpb");
    const set = create(FileDescriptorSetSchema, { file: request.protoFile });
    writeFileSync(descriptors, toBinary(FileDescriptorSetSchema, set));
    protoc([
      `--descriptor_set_in=${descriptors}`,
      ...["python", "pyi", "grpc_python"].map((kind) => `--${kind}_out=${work}`),
      ...sources.map((file) => file.name),
    ]);
    const folder = join(work, ...wanted.split("."));
    const empty = new Set(
      sources.filter((file) => file.service.length === 0).map((file) => grpcStub(file.name)),
    );
    const files = readdirSync(folder)
      .filter((name) => !empty.has(name)) // gRPC stubs of a file without a service
      .map((name) => ({ name, content: complete(readFileSync(join(folder, name), "utf8")) }));
    const init = {
      name: "__init__.py",
      content: `"""Generated from the proto package ${wanted}."""\n`,
    };
    const types = sources
      .filter((file) => file.service.length > 0)
      .map((file) => ({
        name: `${grpcStub(file.name)}i`,
        content: grpcTypes(file, request.protoFile),
      }));
    return [init, ...files, ...types].sort((a, b) => (a.name < b.name ? -1 : 1));
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** The calls of each service a second time, as static methods without types. */
const EXPERIMENTAL =
  /\n+ # This class is part of an EXPERIMENTAL API\.\nclass \w+\(object\):\n(?: .*\n|\n)*/g;

/**
 * Completes the type of arguments that may be mappings: strict checkers report a bare `_Mapping`. Leaves out
 * experimental calls.
 * @param {string} content
 */
function complete(content) {
  return content.replaceAll("_Mapping]", "_Mapping[str, object]]").replaceAll(EXPERIMENTAL, "\n");
}

/** @param {string} proto */
function grpcStub(proto) {
  return `${proto.slice(proto.lastIndexOf("/") + 1, -".proto".length)}_pb2_grpc.py`;
}

/** @param {string[]} args */
function protoc(args) {
  const pin = /^grpcio-tools==(\S+)/m.exec(readFileSync(PINS, "utf8"))?.[1] ?? "";
  const venv = join(ROOT, ".runtime/venv/bin/python");
  const python = process.env.DLQ_PYTHON ?? (existsSync(venv) ? venv : "python3");
  const result = spawnSync(python, ["-c", PROTOC, pin, ...args], { encoding: "utf8" });
  if (result.status === 0) return;
  const reason = result.error?.message ?? result.stderr.trim();
  throw new Error(
    `${python} can't generate: ${reason}\n` +
      "Run `npm test` once to set up Python, or set DLQ_PYTHON to a Python that has\n" +
      "scripts/python-requirements.txt installed.",
  );
}

const response = create(CodeGeneratorResponseSchema, {
  supportedFeatures: BigInt(CodeGeneratorResponse_Feature.PROTO3_OPTIONAL),
});
try {
  const files = generate(fromBinary(CodeGeneratorRequestSchema, readFileSync(0)));
  response.file = create(CodeGeneratorResponseSchema, { file: files }).file;
} catch (error) {
  response.error = error instanceof Error ? error.message : String(error);
}
process.stdout.write(toBinary(CodeGeneratorResponseSchema, response));
