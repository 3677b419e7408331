// grpcio in its own process, which makes the calls for this side.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { afterAll } from "vitest";
import { findPython, pythonEnvironment } from "../support/python.ts";
import type { CallOptions, Client, OpenStream, Outcome } from "./clients.ts";
import { MessageQueue } from "./message-queue.ts";

const SCRIPT = resolve(import.meta.dirname, "grpcio_client.py");

interface Order {
  address: string;
  gzip: boolean;
  method: { parent: { typeName: string }; name: string; methodKind: string };
  requests: readonly Uint8Array[];
  options: CallOptions;
}

interface Follower {
  message(bytes: Uint8Array): void;
  ended(outcome: Outcome): void;
}

/** One for each test file, started by its first call. */
class Program {
  readonly #followers = new Map<number, Follower>();
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #lastId = 0;

  call({ address, gzip, method, requests, options }: Order, follower: Follower): void {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#followers.set(id, follower);
    this.send({
      id,
      do: "call",
      address,
      gzip,
      kind: method.methodKind,
      path: `/${method.parent.typeName}/${method.name}`,
      requests: requests.map((bytes) => Buffer.from(bytes).toString("base64")),
      timeout_ms: options.timeoutMs,
      header: options.header ?? [],
    });
    const cancel = () => this.send({ id, do: "cancel" });
    options.signal?.addEventListener("abort", cancel, { once: true });
  }

  send(line: object): void {
    this.#child ??= this.#start();
    this.#child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  end(): void {
    this.#child?.stdin.end();
  }

  #start() {
    const child = spawn(findPython(), [SCRIPT], {
      env: pythonEnvironment(),
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { id, message, ended } = JSON.parse(line);
      const follower = this.#followers.get(id);
      if (message !== undefined) follower?.message(Buffer.from(message, "base64"));
      if (ended === undefined) return;
      follower?.ended(ended as Outcome);
      this.#followers.delete(id);
    });
    return child;
  }
}

const program = new Program();
afterAll(() => program.end());

export const grpcio: Client = {
  name: "grpcio",
  listener: "grpc",
  open(address, { gzip = false } = {}) {
    const stream = <I extends DescMessage, O extends DescMessage>(
      method: Order["method"] & { input: I; output: O },
      inits: readonly MessageInitShape<I>[],
      options: CallOptions = {},
    ): OpenStream<O> => {
      const queue = new MessageQueue<MessageShape<O>>();
      const requests = inits.map((init) => toBinary(method.input, create(method.input, init)));
      const ended = new Promise<Outcome>((done) => {
        program.call(
          { address, gzip, method, requests, options },
          {
            message: (bytes) => queue.push(fromBinary(method.output, bytes)),
            ended(outcome) {
              queue.end();
              done(outcome);
            },
          },
        );
      });
      return { next: () => queue.next(), ended };
    };
    return {
      stream,
      async unary(method, request, options) {
        const call = stream(method, [request], options);
        const response = await call.next();
        return { ...(await call.ended), response };
      },
      close: () => program.send({ do: "close", address }),
    };
  },
};
