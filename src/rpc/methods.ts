import type { DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { LIMITS } from "../core/settings.ts";
import { ServerReflectionAlpha } from "./reflection-alpha.ts";
import type { Services } from "./services.ts";

/**
 * Largest request of other calls: the default of gRPC clients, and enough for 3 MiB of payload.
 */
export const READ_MAX_BYTES = 4 * 1024 * 1024;

/** These requests only hold a name, and health needs no token. */
const SMALL_BYTES = 4 * 1024;

/** Limits of single methods and services. */
const READ_MAX_BYTES_OF: Readonly<Record<string, number>> = {
  [pathOf(DlqService.method.sendToDlqBatch)]: LIMITS.batchBytes,
  [pathOf(DlqAdminService.method.importMessages)]: LIMITS.importBytes,
  [Health.typeName]: SMALL_BYTES,
  [ServerReflection.typeName]: SMALL_BYTES,
  [ServerReflectionAlpha.typeName]: SMALL_BYTES,
};

export function readMaxBytesOf(method: DescMethod): number {
  const own = READ_MAX_BYTES_OF[pathOf(method)] ?? READ_MAX_BYTES_OF[method.parent.typeName];
  return own ?? READ_MAX_BYTES;
}

/** Registers every method of every service with Connect. */
export function registerServices(router: ConnectRouter, services: Services): void {
  for (const { service, implementation } of served(services)) {
    router.service(service, implementation as ServiceImpl<DescService>);
    for (const method of service.methods) {
      const readMaxBytes = readMaxBytesOf(method);
      if (readMaxBytes === READ_MAX_BYTES) continue;
      // Registered again with its own limit; the later registration wins.
      const fn = implementation[method.localName];
      if (fn !== undefined) router.rpc(method, fn as never, { readMaxBytes });
    }
  }
}

export type UnaryMethod = Callable<"unary", Implementation<unknown, Promise<unknown>>>;
export type StreamMethod = Callable<
  "server_streaming",
  Implementation<unknown, AsyncIterable<unknown>>
>;
export type BidiMethod = Callable<
  "bidi_streaming",
  Implementation<AsyncIterable<unknown>, AsyncIterable<unknown>>
>;
/** A guarded implementation, and what a listener needs to call it. */
export type Method = UnaryMethod | StreamMethod | BidiMethod;

interface Callable<Kind extends DescMethod["methodKind"], Fn> {
  readonly kind: Kind;
  readonly desc: DescMethod;
  readonly input: DescMessage;
  readonly output: DescMessage;
  readonly readMaxBytes: number;
  readonly call: Fn;
}

type Implementation<In, Out> = (request: In, context: HandlerContext) => Out;

/** The methods by path, for our own listener. */
export function methodTable(services: Services): ReadonlyMap<string, Method> {
  const table = new Map<string, Method>();
  for (const { service, implementation } of served(services)) {
    for (const desc of service.methods) {
      const call = implementation[desc.localName];
      if (call === undefined) continue;
      if (desc.methodKind === "client_streaming") {
        throw new Error(`${desc.name}: client streaming is not supported`);
      }
      const path = pathOf(desc);
      const readMaxBytes = readMaxBytesOf(desc);
      const { input, output, methodKind: kind } = desc;
      // Kind and function match by their service; the compiler cannot follow.
      table.set(path, { kind, desc, input, output, readMaxBytes, call } as unknown as Method);
    }
  }
  return table;
}

export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

interface Served {
  service: DescService;
  /** By the local names of its methods. */
  implementation: Readonly<Record<string, unknown>>;
}

function served(services: Services): Served[] {
  return [
    { service: DlqService, implementation: services.dlq },
    { service: DlqAdminService, implementation: services.admin },
    { service: Health, implementation: services.health },
    { service: ServerReflection, implementation: services.reflection },
    { service: ServerReflectionAlpha, implementation: services.reflectionAlpha },
  ];
}
