// The history as it is read: what is asked, what an answer changes, and what comes in by itself.
import { beforeEach, expect, test, vi } from "vitest";
import * as ipc from "../ipc";
import { entry } from "../testing/made";
import type { LogEntry } from "../types/LogEntry";
import type { LogView } from "../types/LogView";
import { History } from "./history.svelte";

let answers: ((view: LogView | Error) => void)[] = [];
let history: History;

beforeEach(() => {
  answers = [];
  history = new History();
  vi.spyOn(ipc, "log").mockImplementation(
    () => new Promise((resolve, reject) => answers.push((view) => (view instanceof Error ? reject(view) : resolve(view)))),
  );
});

/** Answers the oldest open question. */
async function answer(entries: LogEntry[] | Error, more = false): Promise<void> {
  answers.shift()?.(entries instanceof Error ? entries : { entries, more });
  await Promise.resolve().then(() => Promise.resolve());
}

const ids = () => history.entries.map((entry) => entry.id);

/** `count` entries, newest first. */
function made(count: number, over: Partial<LogEntry> = {}): LogEntry[] {
  return Array.from({ length: count }, () => entry(over)).reverse();
}

test("it reads the newest, then older ones, each once", async () => {
  const [five, four, three, two, one] = made(5) as [LogEntry, LogEntry, LogEntry, LogEntry, LogEntry];
  history.choose(null);
  expect(ipc.log).toHaveBeenLastCalledWith({ limit: 100 });
  await answer([five, four, three], true);
  void history.older();
  void history.older();
  expect(ipc.log).toHaveBeenCalledTimes(2);
  expect(ipc.log).toHaveBeenLastCalledWith({ limit: 100, before: three.id });
  await answer([two, one]);
  expect(ids()).toEqual([five.id, four.id, three.id, two.id, one.id]);
  await history.older();
  expect(ipc.log).toHaveBeenCalledTimes(2);
});

test("what happens is put on top, also while the first answer is on its way", async () => {
  const [old, live, later] = made(3).reverse() as [LogEntry, LogEntry, LogEntry];
  history.choose(null);
  history.take(live);
  await answer([live, old], true);
  expect(ids()).toEqual([live.id, old.id]);
  expect(history.more).toBe(true);
  history.take(later);
  history.take(later);
  expect(ids()).toEqual([later.id, live.id, old.id]);
  expect(history.arrived.has(later.id)).toBe(true);
});

test("of one account only its own is asked for and taken in", async () => {
  history.choose("films");
  expect(ipc.log).toHaveBeenLastCalledWith({ limit: 100, account: "films" });
  await answer([]);
  history.take(entry({ account: "work" }));
  history.take(entry({ account: null, event: "vault_shut" }));
  expect(ids()).toEqual([]);
  const own = entry({ account: "films" });
  history.take(own);
  expect(ids()).toEqual([own.id]);
});

test("while the reader is further down, what is new waits", async () => {
  const known = made(2);
  history.choose(null);
  await answer(known);
  history.held = true;
  const live = entry();
  history.take(live);
  expect(ids()).toEqual(known.map((entry) => entry.id));
  expect(history.waiting).toEqual([live]);
  history.release();
  expect(ids()[0]).toBe(live.id);
  expect(history.waiting).toEqual([]);
});

test("after a loss, what was missed is read, and a gap is not papered over", async () => {
  const [old, missed, newest] = made(3).reverse() as [LogEntry, LogEntry, LogEntry];
  history.choose(null);
  await answer([old], true);
  void history.refresh();
  await answer([newest, missed, old], true);
  expect(ids()).toEqual([newest.id, missed.id, old.id]);

  const far = made(2);
  void history.refresh();
  await answer(far, true);
  expect(ids()).toEqual(far.map((entry) => entry.id));
  expect(history.more).toBe(true);
});

test("an answer to an earlier question is not taken for that to the last", async () => {
  history.choose("work");
  history.choose("films");
  await answer(made(1));
  expect(ids()).toEqual([]);
  expect(history.read).toBe(false);
  const [film] = made(1, { account: "films" }) as [LogEntry];
  await answer([film]);
  expect(ids()).toEqual([film.id]);
});

test("a failure keeps what is known, and the next answer takes it away", async () => {
  const known = made(1);
  history.choose(null);
  await answer(known, true);
  void history.older();
  await answer(new Error("gone"));
  expect(history.error?.message).toContain("gone");
  expect(ids()).toEqual(known.map((entry) => entry.id));
  expect(history.loading).toBe(false);
  void history.older();
  await answer([]);
  expect(history.error).toBeNull();
});

test("one kind of events is picked out of what is known", async () => {
  history.choose(null);
  const failed = entry({ event: "failed" });
  await answer([failed, ...made(2)]);
  history.kind = "problems";
  expect(history.shown).toEqual([failed]);
});
