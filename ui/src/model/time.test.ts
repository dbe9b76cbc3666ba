// Instants and spans in words, at their edges.
import { expect, test } from "vitest";
import { at, NOW } from "../testing/made";
import { ago, clockTime, countdown, day, fractionLeft, glance, moment, remaining, span, took } from "./time";

test.each([
  [0, "0s"],
  [59, "59s"],
  [60, "1m 00s"],
  [3599, "59m 59s"],
  [3600, "1h 00m"],
  [86_399, "23h 59m"],
  [86_400, "1d 0h"],
  [31_536_000, "1y 0d"],
  [3_153_600_000, "over 100y"],
  [Number.POSITIVE_INFINITY, "over 100y"],
])("a countdown of %d s reads %s", (seconds, words) => {
  expect(countdown(seconds)).toBe(words);
});

test.each([
  [599, "9m 59s"],
  [600, "10m"],
  [3599, "59m"],
  [3600, "1h 00m"],
])("at a glance %d s are %s", (seconds, words) => {
  expect(glance(seconds)).toBe(words);
});

test("what is left is rounded up, and over at the very instant", () => {
  expect(remaining(at(10), NOW)).toBe(10);
  expect(remaining(at(10), NOW + 1)).toBe(10);
  expect(remaining(at(10), NOW + 9_999)).toBe(1);
  expect(remaining(at(10), NOW + 10_000)).toBe(0);
  expect(remaining(at(-5), NOW)).toBe(0);
  expect(remaining(null, NOW)).toBeNull();
});

test("an end that no date can hold is far away, and not over", () => {
  expect(remaining("+999999-10-17T00:00:00Z", NOW)).toBe(Number.POSITIVE_INFINITY);
  expect(countdown(remaining("+255536-10-17T00:00:00.000000001Z", NOW) ?? 0)).toBe("over 100y");
  expect(fractionLeft(at(0), "+999999-10-17T00:00:00Z", NOW)).toBe(1);
  expect(moment("+999999-10-17T00:00:00Z", NOW)).toBe("the far future");
});

test("a life drains from one to nothing and stays within", () => {
  expect(fractionLeft(at(-10), at(10), NOW)).toBe(0.5);
  expect(fractionLeft(at(5), at(10), NOW)).toBe(1);
  expect(fractionLeft(at(-10), at(-5), NOW)).toBe(0);
  expect(fractionLeft(at(10), at(10), NOW)).toBeNull();
  expect(fractionLeft(null, at(10), NOW)).toBeNull();
  expect(fractionLeft(at(0), null, NOW)).toBeNull();
});

test.each([
  [0, "0 seconds"],
  [1, "1 second"],
  [90, "1 minute 30 seconds"],
  [5400, "1 hour 30 minutes"],
  [604_800, "7 days"],
  [604_801, "7 days 1 second"],
])("a span of %d s reads %s", (seconds, words) => {
  expect(span(seconds)).toBe(words);
});

test("a moment is as short as it can be", () => {
  expect(moment(at(32 * 60), NOW)).toBe("14:32");
  expect(moment(at(86_400), NOW)).toBe("21 Nov, 14:00");
  expect(moment(at(60 * 86_400), NOW)).toBe("19 Jan 2027");
});

test("the past is told in the unit that fits", () => {
  expect(ago(at(5), NOW)).toBe("just now");
  expect(ago(at(-44), NOW)).toBe("just now");
  expect(ago(at(-300), NOW)).toBe("5 min ago");
  expect(ago(at(-7200), NOW)).toBe("2 hr ago");
  expect(ago(at(-86_400), NOW)).toBe("1 day ago");
  expect(ago(at(-3 * 86_400), NOW)).toBe("3 days ago");
  expect(ago(at(-8 * 86_400), NOW)).toBe("12 Nov");
  expect(ago(at(-400 * 86_400), NOW)).toBe("16 Oct 2025");
});

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [1000, "1.0 s"],
  [9_949, "9.9 s"],
  [9_950, "10 s"],
  [119_000, "119 s"],
  [120_000, "2 min"],
])("what took %d ms reads %s", (ms, words) => {
  expect(took(ms)).toBe(words);
});

test("a day is a heading, and a moment in it a time of day", () => {
  expect(day(at(0), NOW)).toBe("Today");
  expect(day(at(-14 * 3600), NOW)).toBe("Today");
  expect(day(at(-14 * 3600 - 1), NOW)).toBe("Yesterday");
  expect(day(at(-2 * 86_400), NOW)).toBe("Wed 18 Nov");
  expect(day(at(-400 * 86_400), NOW)).toBe("16 Oct 2025");
  expect(clockTime(at(-3600))).toBe("13:00");
});
