// Types of the Python gRPC stubs (`_pb2_grpc.pyi`), which protoc does not write. They use the types of `types-grpcio`.

/**
 * @param {import("@bufbuild/protobuf/wkt").FileDescriptorProto} file with at least one service
 * @param {readonly import("@bufbuild/protobuf/wkt").FileDescriptorProto[]} all
 */
export function grpcTypes(file, all) {
  const modules = new Set();
  /** @param {string} name such as `.dlq.v1.AckRequest` */
  const python = (name) => {
    const home = all.find(({ package: scope, messageType }) =>
      messageType.some((message) => `.${scope}.${message.name}` === name),
    );
    if (home === undefined) throw new Error(`${name} is not a message at the top level of a file`);
    const path = home.name.slice(0, -".proto".length).replaceAll("/", ".");
    const module = `${path}_pb2`;
    modules.add(module);
    return `${module}.${name.slice(name.lastIndexOf(".") + 1)}`;
  };
  const services = file.service.map((service) => {
    const methods = service.method.map((method) => ({
      name: method.name,
      kind: `${side(method.clientStreaming)}${side(method.serverStreaming)}MultiCallable`,
      streams: method.serverStreaming,
      request: python(method.inputType),
      response: python(method.outputType),
    }));
    return serviceTypes(service.name, methods);
  });
  const imports = [...modules].sort().map((module) => `import ${module}`);
  return [
    `"""Types of the gRPC stubs of ${file.name}."""`,
    "from collections.abc import Iterator",
    "from typing import type_check_only",
    "",
    ...imports,
    "import grpc",
    "import grpc.aio",
    ...services,
    "",
  ].join("\n");
}

/** @param {boolean} streams */
const side = (streams) => (streams ? "Stream" : "Unary");

/**
 * @param {string} service
 * @param {readonly {name: string, kind: string, streams: boolean, request: string, response: string}[]} methods
 */
function serviceTypes(service, methods) {
  const calls = (/** @type {string} */ module) =>
    methods.map((one) => `    ${one.name}: ${module}.${one.kind}[${one.request}, ${one.response}]`);
  const served = methods.map(({ name, streams, request, response }) => {
    const result = streams ? `Iterator[${response}]` : response;
    return `    def ${name}(self, request: ${request}, context: grpc.ServicerContext) -> ${result}: ...`;
  });
  return [
    "",
    `class ${service}Stub:`,
    ...calls("grpc"),
    "    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...",
    "",
    "@type_check_only",
    `class ${service}AsyncStub:`,
    ...calls("grpc.aio"),
    "",
    `class ${service}Servicer:`,
    ...served,
    "",
    `def add_${service}Servicer_to_server(`,
    `    servicer: ${service}Servicer, server: grpc.Server | grpc.aio.Server`,
    ") -> None: ...",
  ].join("\n");
}
