const numbers = new Intl.NumberFormat("en-US");

/** Returns `1,204`. */
export function countText(count: number | bigint): string {
  return numbers.format(count);
}

/** Returns `1 message` or `1,204 messages`. */
export function countedText(count: number | bigint, one: string, many = `${one}s`): string {
  return `${countText(count)} ${Number(count) === 1 ? one : many}`;
}

/** Returns a rate a second, such as `12.3` or `0`. */
export function rateText(perSecond: number): string {
  if (perSecond >= 100) return numbers.format(Math.round(perSecond));
  return perSecond < 0.005 ? "0" : perSecond.toFixed(perSecond < 1 ? 2 : 1);
}

/** Returns `1.5 MiB`. */
export function bytesText(bytes: number | bigint): string {
  let size = Number(bytes);
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (size < 1024)
      return `${size < 10 && unit !== "B" ? size.toFixed(1) : Math.round(size)} ${unit}`;
    size /= 1024;
  }
  return `${size.toFixed(1)} TiB`;
}
