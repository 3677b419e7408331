import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** The files of a schema, by name and by symbol. */
export interface DescriptorIndex {
  /** Returns the encoded file, then its imports; undefined if there is no such file. */
  byFilename(name: string): Uint8Array[] | undefined;
  /**
   * Looks up the full name of a service, method, message, field, oneof, enum, value or extension.
   */
  bySymbol(symbol: string): Uint8Array[] | undefined;
}

/** Files of the storage format are internal. */
const INTERNAL = /^dlq\/storage\//;

/**
 * `descriptorSet` is a FileDescriptorSet with source info, which holds the comments; generated code
 * has none. `more` are further files.
 */
export function createDescriptorIndex(
  descriptorSet: Uint8Array,
  more: readonly FileDescriptorProto[],
): DescriptorIndex {
  const files = new Map<string, { proto: FileDescriptorProto; bytes: Uint8Array }>();
  const symbols = new Map<string, string>();
  for (const proto of [...fromBinary(FileDescriptorSetSchema, descriptorSet).file, ...more]) {
    if (INTERNAL.test(proto.name) || files.has(proto.name)) continue;
    files.set(proto.name, { proto, bytes: toBinary(FileDescriptorProtoSchema, proto) });
    for (const symbol of symbolsOf(proto)) symbols.set(symbol, proto.name);
  }

  function collect(name: string, seen: Set<string>, out: Uint8Array[]): Uint8Array[] {
    const file = files.get(name);
    if (file === undefined || seen.has(name)) return out;
    seen.add(name);
    out.push(file.bytes);
    for (const dependency of file.proto.dependency) collect(dependency, seen, out);
    return out;
  }

  const byFilename = (name: string) => (files.has(name) ? collect(name, new Set(), []) : undefined);
  return {
    byFilename,
    bySymbol(symbol) {
      const name = symbols.get(symbol);
      return name === undefined ? undefined : byFilename(name);
    },
  };
}

function* symbolsOf(file: FileDescriptorProto): Generator<string> {
  const scope = file.package === "" ? "" : `${file.package}.`;
  for (const message of file.messageType) yield* messageSymbols(scope, message);
  for (const one of file.enumType) yield* enumSymbols(scope, one);
  for (const extension of file.extension) yield scope + extension.name;
  for (const service of file.service) {
    yield scope + service.name;
    for (const method of service.method) yield `${scope}${service.name}.${method.name}`;
  }
}

function* messageSymbols(scope: string, message: DescriptorProto): Generator<string> {
  const name = scope + message.name;
  yield name;
  for (const field of message.field) yield `${name}.${field.name}`;
  for (const oneof of message.oneofDecl) yield `${name}.${oneof.name}`;
  for (const extension of message.extension) yield `${name}.${extension.name}`;
  for (const nested of message.nestedType) yield* messageSymbols(`${name}.`, nested);
  for (const one of message.enumType) yield* enumSymbols(`${name}.`, one);
}

/** Enum values are siblings of their enum, by protobuf's scoping. */
function* enumSymbols(scope: string, one: EnumDescriptorProto): Generator<string> {
  yield scope + one.name;
  for (const value of one.value) yield scope + value.name;
}
