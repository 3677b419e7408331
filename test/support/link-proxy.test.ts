import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cut } from "./link.ts";
import { LinkProxy } from "./link-proxy.ts";

const WAIT = { interval: 5 };

let received: string;
let sockets: Socket[];
let server: ReturnType<typeof createServer>;
let proxy: LinkProxy;
/** A server that answers each piece with the same in capitals. */
beforeEach(async () => {
  received = "";
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.on("data", (data) => {
      received += data.toString();
      socket.write(data.toString().toUpperCase());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  proxy = await LinkProxy.open(() => [{ port: 1 }, { port }]); // port 1 refuses
});
afterEach(async () => {
  await proxy.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** A connection through the proxy, and what it received. */
async function client() {
  const socket = connect(proxy.port, "127.0.0.1");
  await once(socket, "connect");
  const answer = { text: "", isClosed: false, code: "" };
  socket.on("data", (data) => {
    answer.text += data.toString();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    answer.code = error.code ?? "";
  });
  socket.on("close", () => {
    answer.isClosed = true;
  });
  return { socket, answer };
}

const eventually = (holds: () => void) => vi.waitFor(holds, WAIT);

describe("a link", () => {
  it("carries data both ways, and skips targets that refuse", async () => {
    const { socket, answer } = await client();
    socket.write("a");
    await eventually(() => expect(answer.text).toBe("A"));
    socket.end();
    await eventually(() => expect(proxy.connections).toBe(0));
  });

  it("that is being opened when the proxy closes ends with it", async () => {
    const { port } = server.address() as AddressInfo;
    let closed: Promise<void> | undefined;
    const closing = await LinkProxy.open(() => {
      closed ??= closing.close();
      return [{ port }];
    });
    const socket = connect(closing.port, "127.0.0.1").on("error", () => {});
    await new Promise((resolve) => socket.once("close", resolve));
    await closed;
  });

  it("that stalls holds data, and delivers them when the fault ends", async () => {
    const { socket, answer } = await client();
    proxy.set({ stalled: true }, ["down"]);
    socket.write("a");
    await eventually(() => expect(received).toBe("a"));
    expect(answer.text).toBe("");
    proxy.clear();
    await eventually(() => expect(answer.text).toBe("A"));
  });

  it("that is half-open stays silent; new ones work", async () => {
    const first = await client();
    proxy.set({ blackhole: true }, ["up"]);
    first.socket.write("lost");
    await eventually(() => expect(proxy.lostBytes).toBe(4));
    proxy.clear();
    first.socket.write("more");
    const second = await client();
    second.socket.write("b");
    await eventually(() => expect(second.answer.text).toBe("B"));
    expect(received).toBe("b");
    expect(first.answer).toEqual({ text: "", isClosed: false, code: "" });
  });

  it("that is reset resets both ends", async () => {
    const { socket, answer } = await client();
    socket.write("a");
    await eventually(() => expect(answer.text).toBe("A"));
    proxy.reset();
    await eventually(() => expect(answer.code).toBe("ECONNRESET"));
    await eventually(() => expect(sockets[0]?.destroyed).toBe(true));
  });

  it("loses a reply after the server has received the request", async () => {
    const { socket, answer } = await client();
    proxy.cutReplies(1);
    socket.write("a");
    await eventually(() => expect(answer.isClosed).toBe(true));
    expect([received, answer.text, proxy.cut]).toEqual(["a", "", 1]);
    const second = await client();
    second.socket.write("b");
    await eventually(() => expect(second.answer.text).toBe("B"));
  });

  it("that is slow delays each piece", async () => {
    const { socket, answer } = await client();
    proxy.set({ latencyMs: 50 });
    const sentAtMs = performance.now();
    socket.write("a");
    await eventually(() => expect(answer.text).toBe("A"));
    expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(95); // timers may be early by some
  });
});

it("a socket that is being ended can be cut", async () => {
  const { socket, answer } = await client();
  socket.end();
  cut(socket);
  await eventually(() => expect(answer).toMatchObject({ isClosed: true, code: "" }));
});
