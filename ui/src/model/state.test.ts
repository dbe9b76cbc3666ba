// How an update changes what the page knows.
import { expect, test } from "vitest";
import { account, entry, snapshot } from "../testing/made";
import { reduce, snapshotOf, START } from "./state";

const SNAPSHOT = snapshot([account()]);
const GONE = { event: "offline", error: { code: "offline", message: "No agent is running." } } as const;

test("a snapshot brings the page online, from wherever it was", () => {
  const online = reduce(START, { event: "snapshot", snapshot: SNAPSHOT });
  expect(online).toEqual({ link: "online", snapshot: SNAPSHOT });
  expect(reduce(reduce(online, GONE), { event: "snapshot", snapshot: SNAPSHOT })).toEqual(online);
});

test("the same snapshot once more draws nothing anew, and is believed again after a loss", () => {
  const online = reduce(START, { event: "snapshot", snapshot: SNAPSHOT });
  expect(reduce(online, { event: "snapshot", snapshot: { ...SNAPSHOT } })).toBe(online);
  const other = snapshot([]);
  expect(reduce(reduce(online, { event: "lost" }), { event: "snapshot", snapshot: other })).toEqual({ link: "online", snapshot: other });
});

test("while the agent is looked for, its last word stays", () => {
  const online = reduce(START, { event: "snapshot", snapshot: SNAPSHOT });
  const lost = reduce(online, { event: "lost" });
  expect(lost.link).toBe("lost");
  expect(snapshotOf(lost)).toBe(SNAPSHOT);
  expect(reduce(START, { event: "lost" })).toBe(START);
});

test("without an agent nothing is shown that may be wrong by now", () => {
  const offline = reduce(reduce(START, { event: "snapshot", snapshot: SNAPSHOT }), GONE);
  expect(offline).toEqual({ link: "offline", error: GONE.error });
  expect(snapshotOf(offline)).toBeNull();
  expect(reduce(offline, { event: "lost" })).toBe(offline);
});

test("a focus and an entry of the history change nothing of it", () => {
  expect(reduce(START, { event: "focus", page: "connect" })).toBe(START);
  expect(reduce(START, { event: "logged", entry: entry() })).toBe(START);
});
