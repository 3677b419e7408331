import { expect, test } from "vitest";
import { SharedFilters } from "../../../src/app/events/shared-filters.ts";
import type { DlqEvent } from "../../../src/core/event.ts";
import { sampleEvent } from "../../codec/events.ts";

/** A filter that records which events it evaluated. */
function recording(text: string) {
  const evaluated: DlqEvent[] = [];
  const matches = (event: DlqEvent) => {
    evaluated.push(event);
    return event.type === "expired";
  };
  return { text, patternSteps: 1, matches, evaluated };
}

const [expired, purged] = [sampleEvent("expired"), sampleEvent("purged")];

test("watches with equal filters evaluate an event once", () => {
  const shared = new SharedFilters();
  const [first, second, other] = ["a", "a", "b"].map(recording) as [
    ReturnType<typeof recording>,
    ReturnType<typeof recording>,
    ReturnType<typeof recording>,
  ];
  const uses = [first, second, other].map((filter) => shared.use(filter));
  for (const event of [expired, purged, expired])
    expect(uses.map(({ matches }) => matches(event))).toEqual(
      Array.from({ length: 3 }, () => event === expired),
    );
  expect(first.evaluated).toEqual([expired, purged]);
  expect(second.evaluated).toEqual([]);
  // Nobody shares it.
  expect(other.evaluated).toHaveLength(3);
});

test("a filter is shared as long as one watch uses it", () => {
  const shared = new SharedFilters();
  const [first, second, third] = ["a", "a", "a"].map(recording);
  const uses = [first, second].map((filter) => shared.use(filter as never));
  uses[0]?.release();
  uses[1]?.matches(expired);
  expect(first?.evaluated).toHaveLength(1);
  uses[1]?.release();
  shared.use(third as never).matches(expired);
  expect(third?.evaluated).toHaveLength(1);
});

test("results are not kept without bound", () => {
  const shared = new SharedFilters();
  const filter = recording("a");
  const { matches } = shared.use(filter);
  shared.use(filter);
  matches(expired);
  for (let n = 0; n < 3_000; n++) matches({ ...purged });
  matches(expired);
  expect(filter.evaluated.filter((event) => event === expired)).toHaveLength(2);
});
