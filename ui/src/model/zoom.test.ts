// The sizes of the page: steps up to three times as large and back, and nothing beyond them.
import { expect, test, vi } from "vitest";
import * as ipc from "../ipc";
import { level, LEVELS, zoom } from "./zoom";

test("it gets larger and smaller in steps, within bounds, and comes back", () => {
  expect([level(1, 1), level(1, -1), level(2, 1), level(3, 1), level(0.67, -1), level(2.5, 0)]).toEqual([1.1, 0.9, 2.5, 3, 0.67, 1]);
  expect(LEVELS).toContain(2);
});

test("the window is told", () => {
  const told = vi.spyOn(ipc, "zoom").mockResolvedValue();
  zoom.by(1);
  zoom.by(1);
  zoom.by(0);
  expect(told.mock.calls).toEqual([[1.1], [1.25], [1]]);
});
