// The history as a user meets it, and the vault's states above it, against a pretended agent.
import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { tick } from "svelte";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import * as ipc from "../ipc";
import { app } from "../model/app.svelte";
import { history } from "../model/history.svelte";
import { START } from "../model/state";
import Root from "../Root.svelte";
import { account, at, entry, NOW, snapshot } from "../testing/made";
import type { LogEntry } from "../types/LogEntry";

const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });

// The window loads it when it is opened first.
beforeAll(() => import("./HistoryPage.svelte"));

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout"] });
  vi.spyOn(ipc, "sessions").mockResolvedValue(undefined);
  app.desk = START;
  app.toasts = [];
  app.select(null);
  history.kind = null;
});

afterEach(() => {
  vi.useRealTimers();
});

/** The history with `entries`, as it was opened from the sidebar. */
async function open(entries: LogEntry[], more = false): Promise<void> {
  vi.spyOn(ipc, "log").mockResolvedValue({ entries, more });
  app.take({ event: "snapshot", snapshot: snapshot([account(), account({ name: "films", sessions: [] })]) });
  render(Root);
  await user.click(screen.getByTestId("history"));
  await settle();
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  await tick();
}

const rows = () => screen.getAllByTestId("entry").map((row) => row.textContent?.replace(/\s+/g, " ").trim());

test("each entry says what happened, to whom, why, how long it took, which token, and when", async () => {
  const opened = entry({ at: at(-86_400), event: "vault_opened", account: null, fingerprint: null, duration_ms: null });
  const refreshed = entry({ at: at(-3600) });
  const reason = "AntiRaid does not answer.";
  const failed = entry({ event: "failed", code: "offline", reason, fingerprint: null, duration_ms: 10_000 });
  await open([failed, refreshed, opened]);
  expect(rows()).toEqual([
    "Attempt failed work AntiRaid does not answer. took 10 s 1 min ago",
    "Refreshed work took 120 ms token ba7816bf 1 hr ago",
    "Vault opened 14:00",
  ]);
  const lists = screen.getAllByRole("list").filter((list) => list.tagName === "OL");
  expect(lists.map((list) => [list.getAttribute("aria-labelledby"), within(list).getAllByRole("listitem").length])).toEqual([
    ["day-0", 2],
    ["day-1", 1],
  ]);
  expect(screen.getAllByRole("heading", { level: 2 }).map((heading) => heading.textContent)).toEqual(["Today", "Yesterday"]);
  expect(within(screen.getAllByTestId("entry")[0] as HTMLElement).getByText("1 min ago").title).toBe("20 Nov 2026, 13:59:00");
});

test("what happens meanwhile comes in on top", async () => {
  await open([entry()]);
  app.take({ event: "logged", entry: entry({ event: "copied", at: at(0), duration_ms: null }) });
  await settle();
  expect(rows()[0]).toBe("Token copied work token ba7816bf just now");
});

test("it is narrowed down to an account, by the filter and from the account's page", async () => {
  await open([entry(), entry({ account: "gone" })]);
  const filter = screen.getByTestId<HTMLSelectElement>("history-account");
  expect([...filter.options].map((option) => option.text)).toEqual(["All accounts", "films", "gone", "work"]);
  await user.selectOptions(filter, "gone");
  expect(ipc.log).toHaveBeenLastCalledWith({ limit: 100, account: "gone" });

  await user.click(screen.getByTestId("account-work"));
  await user.click(screen.getByTestId("account-history"));
  await settle();
  expect(ipc.log).toHaveBeenLastCalledWith({ limit: 100, account: "work" });
  expect(screen.getByTestId<HTMLSelectElement>("history-account").value).toBe("work");
});

test("one kind of events is looked for further back only when asked", async () => {
  const first = entry();
  await open([first], true);
  await user.selectOptions(screen.getByTestId("history-kind"), "Problems");
  expect(screen.queryByTestId("entry")).toBeNull();
  expect(screen.getByTestId("entries").textContent).toContain("None among the last 1 entries.");
  vi.mocked(ipc.log).mockResolvedValue({ entries: [entry({ id: 0, event: "refused" })], more: false });
  await user.click(screen.getByTestId("history-older"));
  await settle();
  expect(ipc.log).toHaveBeenLastCalledWith({ limit: 100, before: first.id });
  expect(rows()[0]).toContain("Credential refused");
});

test("an empty history says so, and one that cannot be read says why and is tried again", async () => {
  await open([]);
  expect(screen.getByTestId("history-empty").textContent).toContain("Nothing has happened yet");

  vi.mocked(ipc.log).mockRejectedValue({ code: "internal", message: "The disk does not answer." });
  await user.selectOptions(screen.getByTestId("history-account"), "work");
  await settle();
  const banner = screen.getByTestId("history-error");
  expect(banner.textContent).toContain("The disk does not answer.");
  vi.mocked(ipc.log).mockResolvedValue({ entries: [entry()], more: false });
  await user.click(within(banner).getByRole("button"));
  await settle();
  expect(screen.queryByTestId("history-error")).toBeNull();
  expect(rows()).toHaveLength(1);
});

test("an agent that comes back is asked what was missed", async () => {
  await open([entry()]);
  app.take({ event: "lost" });
  expect(ipc.log).toHaveBeenCalledTimes(1);
  app.take({ event: "snapshot", snapshot: snapshot([account()]) });
  await settle();
  expect(ipc.log).toHaveBeenCalledTimes(2);
});

test("the page that the tray names opens the history", async () => {
  vi.spyOn(ipc, "log").mockResolvedValue({ entries: [entry()], more: false });
  app.take({ event: "snapshot", snapshot: snapshot([account()]) });
  render(Root);
  app.take({ event: "focus", page: "history" });
  await settle();
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("History");
  expect(screen.getByTestId("history").getAttribute("aria-current")).toBe("page");
});

test("axe finds nothing in the history", async () => {
  await open([entry({ event: "failed", reason: "It does not answer." }), entry({ account: null, event: "vault_shut" })], true);
  vi.useRealTimers();
  // jsdom paints nothing, so colours are checked on a real desktop.
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  expect(found.violations.map((violation) => violation.id)).toEqual([]);
});

const VAULTS = [
  ["locked", "The vault is locked", "Unlock…"],
  ["slow", "Waiting for the keyring", null],
  ["absent", "The vault has no key", "Try again"],
  ["full", "The vault has no room", "Try again"],
  ["corrupt", "The vault is damaged", "Try again"],
  ["failing", "The vault cannot be used", "Try again"],
] as const;

test.each(VAULTS)("a vault that is %s is told above the accounts, with what helps", async (state, title, again) => {
  const vault = { state, message: "Start one with `gnome-keyring`." };
  app.take({ event: "snapshot", snapshot: snapshot([account()], { vault }) });
  render(Root);
  const banner = screen.getByTestId("vault-banner");
  expect(banner.textContent).toContain(`${title}. Start one with gnome-keyring.`);
  expect(banner.querySelector("code")?.textContent).toBe("gnome-keyring");
  expect(screen.getByTestId("session-s1")).toBeTruthy();
  expect(within(banner).queryByRole("button")?.textContent ?? null).toBe(again);
});

test.each(VAULTS)("a vault that is %s and shows no accounts does not claim that there are none", async (state, title) => {
  app.take({ event: "snapshot", snapshot: snapshot([], { vault: { state, message: "So it is." } }) });
  render(Root);
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(title);
  expect(screen.queryByTestId("empty")).toBeNull();
});

test("trying to open the vault asks the agent once, and says why where it stays shut", async () => {
  const open = vi.spyOn(ipc, "openVault").mockRejectedValue({ code: "locked", message: "The keyring is locked." });
  app.take({ event: "snapshot", snapshot: snapshot([account()], { vault: { state: "locked", message: "Unlock it." } }) });
  render(Root);
  await user.click(screen.getByTestId("vault-open"));
  await settle();
  expect(open).toHaveBeenCalledTimes(1);
  expect(screen.getByTestId("toast").textContent).toContain("The keyring is locked.");
});
