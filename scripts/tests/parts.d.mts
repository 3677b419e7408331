export interface Part {
  readonly name: string;
  readonly command: "check" | "test" | "slow";
  readonly files: readonly string[];
}
export function partsOf(files?: readonly string[]): readonly Part[];
