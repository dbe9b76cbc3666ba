// What two letters mean.
import { expect, test } from "vitest";
import { account, at, session } from "../testing/made";
import { match, rank, rowsOf } from "./rank";

const names = (query: string, ...accounts: Parameters<typeof rowsOf>[0]): string[] => rank(rowsOf(accounts), query).map((row) => row.key.replace("\n", "/"));

test("the whole name is better than its head, a word of it, its initials, a part, and scattered letters", () => {
  const texts = ["wo", "work", "my work", "west ocean", "twofold", "widow"];
  const scores = texts.map((text) => match("wo", text));
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(new Set(scores).size).toBe(texts.length);
  expect(match("wo", "films")).toBe(0);
  expect(match("ow", "wo")).toBe(0);
});

test("words begin after a sign and at a capital", () => {
  expect(match("hub", "GitHub")).toBe(match("hub", "git-hub"));
  expect(match("gh", "GitHub")).toBe(match("gh", "git hub"));
  expect(match("gh", "GitHub")).toBeGreaterThan(match("gh", "through"));
});

test("case and accents do not count", () => {
  expect(match("MU", "Müller")).toBe(match("mu", "muller"));
  expect(match("é", "Elysée")).toBeGreaterThan(0);
});

test("letters that are close together are likelier than those that are far apart", () => {
  expect(match("fm", "films-abc")).toBeGreaterThan(match("fm", "files-from"));
});

test("without a query the account that was used last comes first, with its further sessions", () => {
  const old = account({ name: "old", last_used_at: at(-9000) });
  const never = account({ name: "never" });
  const sessions = [session({ id: "c", current: true }), session({ id: "s2", name: "ci" }), session({ id: "f", held: false, state: "foreign" })];
  const recent = account({ name: "recent", last_used_at: at(-60), sessions });
  expect(names("", old, never, recent)).toEqual(["recent", "recent/s2", "old", "never"]);
});

test("two letters find a name, a session's name and a provider, names first", () => {
  const films = account({ name: "films", title: "Discovr" });
  const disk = account({ name: "disk", title: "AntiRaid", sessions: [session({ current: true }), session({ id: "s2", name: "discount" })] });
  expect(names("di", films, disk)).toEqual(["disk", "disk/s2", "films"]);
  expect(names("fi", films, disk)).toEqual(["films"]);
});

test("a better match comes before one that was used later", () => {
  const accounts = [account({ name: "network", last_used_at: at(0) }), account({ name: "work", last_used_at: at(-9000) })];
  expect(names("wo", ...accounts)).toEqual(["work", "network"]);
});

test("of equally likely ones the one that was used last comes first", () => {
  const accounts = ["work-a", "work-b", "work-c"].map((name, n) => account({ name, last_used_at: at(n) }));
  expect(names("wo", ...accounts)).toEqual(["work-c", "work-b", "work-a"]);
});

test("every word must fit, whichever text it fits", () => {
  const work = account({ name: "work", sessions: [session({ current: true }), session({ id: "s2", name: "ci" })] });
  expect(names("ci wo", work)).toEqual(["work/s2"]);
  expect(names("wo anti", work)).toEqual(["work", "work/s2"]);
  expect(names("wo xyz", work)).toEqual([]);
});
