// The history behind the timeline: read as far back as is looked, in pages, never twice, and growing at its end.
import { beforeEach, expect, test, vi, type MockInstance } from "vitest";
import * as ipc from "../ipc";
import { at, entry, NOW } from "../testing/made";
import type { LogEntry } from "../types/LogEntry";
import type { LogQuery } from "../types/LogQuery";
import { Past } from "./past.svelte";

const HOUR = 3_600_000;
let written: LogEntry[];

/** Answers as the agent does: newest first, `limit` at most, and whether there are more. */
const answer = (query: LogQuery) => {
  const found = written
    .filter((one) => Date.parse(one.at) >= Date.parse(query.since ?? "1970-01-01") && one.id < (query.before ?? Infinity))
    .sort((a, b) => b.id - a.id);
  return Promise.resolve({ entries: found.slice(0, query.limit), more: found.length > (query.limit ?? 100) });
};
let asked: MockInstance<typeof ipc.log>;

beforeEach(() => {
  written = [];
  asked = vi.spyOn(ipc, "log").mockImplementation(answer);
});

const reasons = (past: Past, account = "work") => (past.ticks.get(account) ?? []).map((tick) => tick.entry.reason);

test("refreshes and failures are marks, of their account and in the order of time", async () => {
  written = [
    entry({ at: at(-900), reason: "a", event: "minted" }),
    entry({ at: at(-800), reason: "b", event: "failed" }),
    entry({ at: at(-750), reason: "other", account: "films" }),
    entry({ at: at(-700), reason: "c", event: "copied" }),
    entry({ at: at(-600), reason: "d", event: "refused" }),
    entry({ at: at(-600), reason: "vault", event: "vault_opened", account: null }),
    entry({ at: at(-500), reason: "e" }),
  ];
  const past = new Past();
  await past.reach(NOW - HOUR);
  expect(reasons(past)).toEqual(["a", "b", "d", "e"]);
  expect(past.ticks.get("work")?.map((tick) => tick.tone)).toEqual(["good", "warn", "bad", "good"]);
  expect(reasons(past, "films")).toEqual(["other"]);
  expect(past.since).toBe(NOW - HOUR);
});

test("only what is not known is asked for, page by page", async () => {
  written = Array.from({ length: 2500 }, (_, n) => entry({ at: at(-5000 + n), reason: `${n}` }));
  const past = new Past();
  await past.reach(NOW - HOUR);
  const recent = asked.mock.calls.length;
  expect(reasons(past)[0]).toBe("1400");
  await past.reach(NOW - HOUR / 2);
  expect(asked).toHaveBeenCalledTimes(recent);
  await past.reach(NOW - 3 * HOUR);
  expect(reasons(past)).toHaveLength(2500);
  const ids = past.ticks.get("work")?.map((tick) => tick.entry.id) ?? [];
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  expect(asked.mock.calls.at(-1)?.[0]).toMatchObject({ since: new Date(NOW - 3 * HOUR).toISOString(), limit: 1000 });
});

test("what is asked for while it reads is read as well", async () => {
  written = [entry({ at: at(-9000), reason: "far" }), entry({ at: at(-100), reason: "near" })];
  const past = new Past();
  const near = past.reach(NOW - HOUR);
  await past.reach(NOW - 3 * HOUR);
  await near;
  expect(reasons(past)).toEqual(["far", "near"]);
  expect(past.loading).toBe(false);
});

test("what happens is added, and once", async () => {
  written = [entry({ at: at(-100), reason: "near" })];
  const past = new Past();
  const live = entry({ at: at(0), reason: "live" });
  past.take(live);
  written.push(live);
  await past.reach(NOW - HOUR);
  past.take(live);
  expect(reasons(past)).toEqual(["near", "live"]);
});

test("there is an end to it where there is too much", async () => {
  written = Array.from({ length: 27_000 }, (_, n) => entry({ at: at(-30_000 + n), reason: null }));
  const past = new Past();
  await past.reach(NOW - 24 * HOUR);
  expect(past.cut).toBe(true);
  expect(past.ticks.get("work")?.length).toBe(25_000);
  expect(past.since).toBe(NOW - 28_000_000);
  await past.reach(NOW - 48 * HOUR);
  expect(asked).toHaveBeenCalledTimes(25);
});

test("an error is kept, nothing is asked behind one's back, and it is tried again on request", async () => {
  asked.mockRejectedValueOnce({ code: "internal", message: "The vault cannot be read." });
  written = [entry({ at: at(-100), reason: "near" })];
  const past = new Past();
  await past.reach(NOW - HOUR);
  expect(past.error?.message).toBe("The vault cannot be read.");
  await past.reach(NOW - 2 * HOUR);
  expect(asked).toHaveBeenCalledTimes(1);
  await past.retry();
  expect([past.error, reasons(past), past.since]).toEqual([null, ["near"], NOW - 2 * HOUR]);
});

test("begun anew, it knows what was written meanwhile, and takes no late answer", async () => {
  written = [entry({ at: at(-100), reason: "near" })];
  const past = new Past();
  await past.reach(NOW - HOUR);
  written.push(entry({ at: at(-10), reason: "missed" }));
  let late: (view: { entries: LogEntry[]; more: boolean }) => void = () => undefined;
  asked.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)));
  const slow = past.reach(NOW - 5 * HOUR);
  await past.again();
  late({ entries: [entry({ at: at(-9000), reason: "late" })], more: false });
  await slow;
  expect(reasons(past)).toEqual(["near", "missed"]);
});
