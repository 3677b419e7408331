// Prints what compression of stored bodies costs and saves: `node test/bench/bodies.ts`. CPU time of this process in
// microseconds, medians of interleaved rounds.

import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Bodies } from "../../src/store/redis/bodies.ts";
import { type Content, payloadText } from "./load/commands.ts";

const SIZES = [512, 1_024, 4_096, 16_384, 32_768, 65_536, 1_048_576] as const;
const ROUNDS = 21;
/** Approximate bytes of one round. */
const ROUND_BYTES = 3_000_000;

interface Codec {
  readonly name: string;
  pack(body: Buffer): Uint8Array;
  unpack(packed: Uint8Array): Uint8Array;
}

const bodies = new Bodies(1);
const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const CODECS: readonly Codec[] = [
  {
    name: "stored bodies",
    pack: (body) => bodies.pack(body, body.length),
    unpack: (packed) => bodies.unpack(packed as Buffer),
  },
  {
    name: "zstd, level 1",
    pack: (body) => zstdCompressSync(body, level),
    unpack: (packed) => zstdDecompressSync(packed),
  },
  { name: "a copy", pack: (body) => Buffer.from(body), unpack: (packed) => Buffer.from(packed) },
];

function cpuMicros(work: () => unknown, times: number): number {
  const before = process.cpuUsage();
  for (let index = 0; index < times; index++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function measure(content: Content, bytes: number): string[] {
  const body = Buffer.from(payloadText(bytes, content));
  const times = Math.max(2, Math.floor(ROUND_BYTES / (bytes + 1_000)));
  const figures = CODECS.map((codec) => {
    const packed = codec.pack(body);
    return { codec, packed, pack: [] as number[], unpack: [] as number[] };
  });
  for (let round = 0; round < ROUNDS; round++) {
    for (const { codec, packed, pack, unpack } of figures) {
      pack.push(cpuMicros(() => codec.pack(body), times));
      unpack.push(cpuMicros(() => codec.unpack(packed), times));
    }
  }
  return figures.map(({ packed, pack, unpack }) => {
    const [packs, unpacks] = [median(pack).toPrecision(2), median(unpack).toPrecision(2)];
    return `${Number(packs)}, ${Number(unpacks)}, ${Math.round((100 * packed.length) / bytes)} %`;
  });
}

const title = ["payload", ...CODECS.map(({ name }) => `${name}: us, us, size`)];
console.log(`| ${title.join(" | ")} |\n|${"---|".repeat(title.length)}`);
for (const content of ["json", "random"] as const) {
  for (const bytes of SIZES) {
    const size = bytes < 1_024 ? `${bytes} B` : `${bytes / 1_024} KiB`;
    console.log(`| ${content}, ${size} | ${measure(content, bytes).join(" | ")} |`);
  }
}
