// A life as it is typed, and what is wrong with it.
import { expect, test } from "vitest";
import { lifeProblem, parseLife, writeLife } from "./life";

test.each([
  ["45m", 2700],
  ["12h", 43_200],
  ["7d", 604_800],
  ["1w", 604_800],
  [" 7 D ", 604_800],
  ["90", 90],
  ["30s", 30],
])("%s is %d s", (text, seconds) => {
  expect(parseLife(text)).toBe(seconds);
});

test.each(["", "d", "7 days", "-1h", "1.5h", "7d12h", "99999999999999d"])("%s is no life", (text) => {
  expect(parseLife(text)).toBeNull();
});

test("a written life reads back as itself", () => {
  expect(writeLife(604_800)).toBe("7d");
  for (const seconds of [1, 59, 60, 61, 3600, 86_400, 604_800, 31_536_000, 3_153_600_000]) {
    expect(parseLife(writeLife(seconds))).toBe(seconds);
  }
});

test("a life outside the provider's range is refused with the range", () => {
  const form = { min: 60, max: 86_400, default: 3600 };
  expect(lifeProblem("", form)).toBeNull();
  expect(lifeProblem("1m", form)).toBeNull();
  expect(lifeProblem("59s", form)).toBe("The shortest life is 1 minute.");
  expect(lifeProblem("2d", form)).toBe("The longest life is 1 day.");
  expect(lifeProblem("soon", form)).toContain("45m, 12h or 7d");
});
