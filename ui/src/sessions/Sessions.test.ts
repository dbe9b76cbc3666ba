// The list of sessions as a user meets it, against a pretended agent: searched, sorted, selected, ended, and looked into.
import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { tick } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as ipc from "../ipc";
import { app } from "../model/app.svelte";
import { START } from "../model/state";
import Root from "../Root.svelte";
import { account, at, entry, MINTING, NOW, session, snapshot } from "../testing/made";
import { list } from "./list.svelte";

const user = userEvent.setup({
  advanceTimers: (ms) => {
    if (vi.isFakeTimers()) vi.advanceTimersByTime(ms);
  },
});
const GONE = { revoked: 1, valid_until: null, message: "It is gone." };

const WORK = account({
  sessions: [
    session({ id: "s1", name: "laptop", current: true }),
    session({ id: "s2", name: "ci 10", expires_at: at(60), state: "urgent" }),
    session({ id: "s3", name: "ci 9", type: "login", created_at: at(-9), expires_at: null }),
    session({ id: "s4", name: null, held: false, state: "foreign", fingerprint: null }),
    session({ id: "s5", name: "lost", held: false, state: "orphan", fingerprint: null }),
  ],
});
const FILMS = account({
  name: "films",
  provider: "discovr",
  title: "Discovr",
  abilities: MINTING,
  sessions: [
    session({ account: "films", id: "f1", name: null, type: "session", current: true, expires_at: at(900) }),
    session({ account: "films", id: "f2", name: "old", state: "expired", expires_at: at(-5) }),
  ],
});

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout"] });
  vi.spyOn(ipc, "sessions").mockResolvedValue();
  vi.spyOn(ipc, "log").mockResolvedValue({ entries: [], more: false });
  app.desk = START;
  app.dialog = null;
  app.opened = null;
  app.toasts = [];
  app.select(null);
  list.clear();
  list.selectNone();
  list.sort = null;
  list.cursor = null;
});

afterEach(() => {
  vi.useRealTimers();
});

function show(...accounts: ReturnType<typeof account>[]): void {
  app.take({ event: "snapshot", snapshot: snapshot(accounts) });
  render(Root);
}

async function settle(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    if (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(0);
    else await new Promise((resolve) => setTimeout(resolve));
    await tick();
  }
}

/** What a part that is loaded when it is wanted needs to be there. */
async function loaded(id: string): Promise<HTMLElement> {
  vi.useRealTimers();
  return screen.findByTestId(id, {}, { timeout: 5000 });
}

/** The ids of the sessions that are shown, in order. */
function shown(): string[] {
  return [...document.querySelectorAll<HTMLElement>("[data-at]")].map((row) => (row.dataset.testid ?? "").replace("session-", ""));
}

function selected(): string[] {
  const rows = document.querySelectorAll<HTMLElement>('[data-at][aria-selected="true"]');
  return [...rows].map((row) => (row.dataset.testid ?? "").replace("session-", ""));
}

const row = (id: string): HTMLElement => screen.getByTestId(`session-${id}`);

async function violations(): Promise<string[]> {
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join("\n")}`);
}

test("all accounts are one list, and one account is its own", async () => {
  show(FILMS, WORK);
  await settle();
  expect(shown()).toEqual(["f1", "f2", "s1", "s2", "s3", "s4", "s5"]);
  expect(row("f1").textContent).toMatch(/films.*Discovr/);
  await user.click(screen.getByTestId("account-work"));
  expect(shown()).toEqual(["s1", "s2", "s3", "s4", "s5"]);
  expect(screen.getByRole("grid", { name: "Sessions of work" }).getAttribute("aria-rowcount")).toBe("6");
});

test("what is typed is searched for at once, in all that a session is known by", async () => {
  show(FILMS, WORK);
  await user.keyboard("/");
  expect(document.activeElement).toBe(screen.getByTestId("search"));
  await user.keyboard("CI");
  expect(shown()).toEqual(["s2", "s3"]);
  expect(screen.getByTestId("count").textContent?.trim()).toBe("2 of 7 sessions");
  await user.keyboard(" login");
  expect(shown()).toEqual(["s3"]);
  await user.keyboard("{Escape}");
  expect(shown()).toHaveLength(7);
  await user.keyboard("orph");
  expect(shown()).toEqual(["s5"]);
  await user.keyboard("xx");
  expect(screen.getByTestId("nothing-found")).toBeTruthy();
  await user.click(within(screen.getByTestId("nothing-found")).getByRole("button"));
  expect(shown()).toHaveLength(7);
});

test("it is filtered by state and by provider", async () => {
  show(FILMS, WORK);
  await user.selectOptions(screen.getByTestId("filter-state"), "Expired");
  expect(shown()).toEqual(["f2"]);
  await user.selectOptions(screen.getByTestId("filter-state"), "Held");
  expect(shown()).toEqual(["f1", "s1", "s2", "s3"]);
  await user.selectOptions(screen.getByTestId("filter-provider"), "AntiRaid");
  expect(shown()).toEqual(["s1", "s2", "s3"]);
});

test("a column sorts upward, downward, and then not any more", async () => {
  show(WORK);
  app.select("work");
  await settle();
  const name = screen.getByTestId("sort-name");
  await user.click(name);
  // Numbers count as numbers, and what has no name comes last.
  expect(shown()).toEqual(["s3", "s2", "s1", "s5", "s4"]);
  expect(name.parentElement?.getAttribute("aria-sort")).toBe("ascending");
  await user.click(name);
  expect(shown()).toEqual(["s5", "s1", "s2", "s3", "s4"]);
  await user.click(name);
  expect(shown()).toEqual(["s1", "s2", "s3", "s4", "s5"]);
  await user.click(screen.getByTestId("sort-expires"));
  expect(shown()[0]).toBe("s2");
  expect(shown().at(-1)).toBe("s3");
});

test("the keyboard goes through the rows, and selects", async () => {
  show(WORK);
  app.select("work");
  await settle();
  row("s1").focus();
  await user.keyboard("{ArrowDown}");
  expect(document.activeElement).toBe(row("s2"));
  expect(document.querySelectorAll('[data-at][tabindex="0"]')).toHaveLength(1);
  await user.keyboard(" {Shift>}{ArrowDown}{ArrowDown}{/Shift}");
  expect(selected()).toEqual(["s2", "s3", "s4"]);
  await user.keyboard("{Shift>}{ArrowUp}{/Shift}");
  expect(selected()).toEqual(["s2", "s3"]);
  await user.keyboard("{Control>}a{/Control}");
  expect(selected()).toHaveLength(5);
  await user.keyboard("{Escape}");
  expect(selected()).toEqual([]);
  await user.keyboard("{End}");
  expect(document.activeElement).toBe(row("s5"));
  await user.keyboard("{Home}");
  expect(document.activeElement).toBe(row("s1"));
});

test("the mouse selects with Ctrl and Shift, and by the box", async () => {
  show(WORK);
  await settle();
  await user.click(row("s2").querySelector("[data-pick]") as HTMLElement);
  expect(selected()).toEqual(["s2"]);
  await user.keyboard("{Shift>}");
  await user.click(row("s4"));
  await user.keyboard("{/Shift}{Control>}");
  await user.click(row("s3"));
  await user.keyboard("{/Control}");
  expect(selected()).toEqual(["s2", "s4"]);
  await user.click(screen.getByTestId("select-all"));
  expect(selected()).toHaveLength(5);
  await user.click(screen.getByTestId("select-all"));
  expect(selected()).toEqual([]);
  // What is searched away is not acted upon.
  await user.click(screen.getByTestId("select-all"));
  await user.type(screen.getByTestId("search"), "ci");
  expect(list.chosen.map(({ session }) => session.id)).toEqual(["s2", "s3"]);
});

test("the row in the place of one that has gone gets the focus, unless the user is elsewhere", async () => {
  show(WORK);
  await settle();
  const without = (...ids: string[]) => ({ ...WORK, sessions: WORK.sessions.filter(({ id }) => !ids.includes(id)) });
  row("s2").focus();
  app.take({ event: "snapshot", snapshot: snapshot([without("s2")]) });
  await settle();
  expect(document.activeElement).toBe(row("s3"));
  screen.getByTestId("search").focus();
  app.take({ event: "snapshot", snapshot: snapshot([without("s2", "s3")]) });
  await settle();
  expect(document.activeElement).toBe(screen.getByTestId("search"));
});

test("what is searched for is cleared by its button too", async () => {
  show(WORK);
  await user.type(screen.getByTestId("search"), "ci");
  expect(shown()).toEqual(["s2", "s3"]);
  await user.click(screen.getByRole("button", { name: "Clear the search" }));
  expect(shown()).toHaveLength(5);
  expect(document.activeElement).toBe(screen.getByTestId("search"));
});

test("many are ended by one question, which says what really happens to each", async () => {
  const undo = { id: "u1", until: at(10) };
  const revoke = vi.spyOn(ipc, "revokeSession").mockImplementation((account) =>
    Promise.resolve(account === "films" ? { ...GONE, valid_until: at(900), undo } : GONE),
  );
  show(FILMS, WORK);
  list.selectAll();
  await settle();
  await user.click(screen.getByTestId("end-many"));
  const lots = (await loaded("lots")).textContent ?? "";
  expect(lots).toMatch(/work.*5 are revoked\. The session is deleted; its token is refused at once\. It is the current session/);
  expect(lots).toMatch(/films.*2 are forgotten here; the last of their tokens stays valid until 14:15\. A single session cannot be revoked/);
  expect(revoke).not.toHaveBeenCalled();
  expect(await violations()).toEqual([]);
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout"] });
  await user.click(screen.getByTestId("confirm"));
  await settle();
  expect(revoke).toHaveBeenCalledTimes(7);
  expect(revoke).toHaveBeenCalledWith("work", "s5", false);
  expect(revoke).toHaveBeenCalledWith("films", "f1", true);
  expect(screen.queryByRole("dialog")).toBeNull();
  const toast = screen.getByTestId("toast");
  expect(toast.textContent).toContain("5 sessions were revoked. 2 sessions were forgotten here.");

  const back = vi.spyOn(ipc, "undo").mockResolvedValue();
  await user.click(within(toast).getByTestId("undo"));
  await settle();
  expect(back).toHaveBeenCalledTimes(2);
  expect(screen.getByTestId("toast").textContent).toContain("It is back.");
});

test("no more than four are asked for at once, and what failed is told with its reason", async () => {
  let under = 0;
  let most = 0;
  const revoke = vi.spyOn(ipc, "revokeSession").mockImplementation(async (_, id) => {
    under += 1;
    most = Math.max(most, under);
    await Promise.resolve();
    under -= 1;
    if (id === "n7" || id === "n8") throw { code: "offline", message: "It does not answer." };
    return GONE;
  });
  const sessions = Array.from({ length: 12 }, (_, n) => session({ id: `n${n}`, name: `number ${n}` }));
  show(account({ sessions }));
  list.selectAll();
  await settle();
  await user.click(screen.getByTestId("end-many"));
  await loaded("lots");
  await user.click(screen.getByTestId("confirm"));
  const outcome = await loaded("outcome");
  expect(most).toBe(4);
  expect(outcome.textContent).toMatch(/10 sessions were revoked\.\s+2 failed:/);
  expect(screen.getByTestId("failures").textContent).toContain("It does not answer. number 7, number 8");
  expect(await violations()).toEqual([]);
  revoke.mockResolvedValue(GONE);
  await user.click(screen.getByTestId("again"));
  await settle();
  expect(revoke).toHaveBeenCalledTimes(14);
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("a provider that asks for a pause gets it, and nothing has failed", async () => {
  const revoke = vi.spyOn(ipc, "revokeSession").mockResolvedValue(GONE);
  revoke.mockRejectedValueOnce({ code: "rate_limited", message: "Too many.", retry_after: 7 });
  show(WORK);
  list.selectAll();
  await settle();
  await user.click(screen.getByTestId("end-many"));
  await loaded("lots");
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout"] });
  await user.click(screen.getByTestId("confirm"));
  await settle();
  expect(screen.getByTestId("progress").textContent).toContain("asks for a pause, 7 s");
  const before = revoke.mock.calls.length;
  await vi.advanceTimersByTimeAsync(6000);
  expect(revoke.mock.calls.length).toBe(before);
  await vi.advanceTimersByTimeAsync(1100);
  await settle();
  expect(revoke).toHaveBeenCalledTimes(6);
  expect(screen.getByTestId("toast").textContent).toContain("5 sessions were revoked.");
});

test("what was forgotten can be taken back for as long as it can", async () => {
  vi.spyOn(ipc, "revokeSession").mockResolvedValue({ ...GONE, undo: { id: "u1", until: at(10) } });
  const back = vi.spyOn(ipc, "undo").mockRejectedValue({ code: "rejected", message: "It is too late to take that back." });
  show(FILMS);
  await user.click(within(row("f1")).getByTestId("revoke"));
  await user.click(screen.getByTestId("confirm"));
  await settle();
  await vi.advanceTimersByTimeAsync(9000);
  await tick();
  expect(screen.getByTestId("undo")).toBeTruthy();
  await user.keyboard("{Control>}z{/Control}");
  await settle();
  expect(back).toHaveBeenCalledExactlyOnceWith("u1");
  expect(screen.getByTestId("toast").textContent).toContain("It is too late to take that back.");
});

test("after a sleep of the machine nothing is offered that is too late, and what is said again stands once", async () => {
  show(FILMS);
  app.say("good", () => "It was forgotten.", [{ id: "u1", until: at(10) }]);
  await settle();
  expect(screen.getByTestId("undo")).toBeTruthy();
  app.take({ event: "snapshot", snapshot: { ...snapshot([FILMS]), at: at(60), revision: 9 } });
  app.say("bad", () => "It cannot be reached.");
  app.say("bad", () => "It cannot be reached.");
  await settle();
  expect(screen.queryByTestId("undo")).toBeNull();
  expect(screen.getAllByText("It cannot be reached.")).toHaveLength(1);
});

test("the details name the claims that everybody knows, and show the history of the session", async () => {
  vi.spyOn(ipc, "claims").mockResolvedValue({
    header: { alg: "HS256", typ: "JWT" },
    claims: { sub: "u1", exp: NOW / 1000 + 1920, aud: ["a", "b"], plan: { seats: 3 } },
  });
  const log = vi.spyOn(ipc, "log").mockResolvedValue({ entries: [entry({ account: "films", session: "f1" })], more: false });
  show(FILMS, WORK);
  app.show({ page: "sessions", account: "films", session: "f1" });
  const details = within(await loaded("details"));
  const claims = await details.findByText(/Subject/);
  expect(claims.closest("section")?.textContent).toMatch(/Subject sub\s*u1.*Audience aud\s*a, b.*Expires exp\s*20 Nov 2026, 14:32:00/);
  expect(details.getByTestId("claims").textContent).toContain('"seats": 3');
  expect(log).toHaveBeenCalledWith({ account: "films", session: "f1", limit: 20 });
  expect(details.getByTestId("past").textContent).toContain("Refreshed");
  expect(row("f1").getAttribute("aria-current")).toBe("true");
  expect(await violations()).toEqual([]);

  app.take({ event: "logged", entry: entry({ account: "films", session: "f1", event: "copied" }) });
  await tick();
  expect(details.getByTestId("past").querySelectorAll("li")).toHaveLength(2);
});

test("the details say exactly what can be done, and what cannot and why", async () => {
  vi.spyOn(ipc, "claims").mockRejectedValue({ code: "not_supported", message: "Its token is opaque: it says nothing that can be read." });
  show(account({ abilities: MINTING, sessions: [session({ id: "far", held: false, state: "foreign", fingerprint: null })] }));
  await user.click(row("far"));
  const details = await loaded("details");
  expect(within(details).queryByTestId("copy")).toBeNull();
  expect(within(details).queryByTestId("revoke")).toBeNull();
  expect(details.textContent).toContain("It was opened elsewhere, and its token is not here.");
  expect(details.textContent).toContain("AntiRaid revokes no single session.");
  expect(within(details).queryByTestId("claims")).toBeNull();
  await user.click(within(details).getByTestId("close-details"));
  expect(screen.queryByTestId("details")).toBeNull();
  expect(document.activeElement).toBe(row("far"));
});

test("ten thousand sessions are few on the page, and all in the list", async () => {
  const sessions = Array.from({ length: 10_000 }, (_, n) => session({ id: `n${n}`, name: `number ${n}` }));
  show(account({ sessions }));
  await settle();
  expect(screen.getByRole("grid").getAttribute("aria-rowcount")).toBe("10001");
  expect(shown().length).toBeGreaterThan(5);
  expect(shown().length).toBeLessThan(60);
  expect(document.querySelectorAll("*").length).toBeLessThan(1500);
  await user.type(screen.getByTestId("search"), "number 9999");
  expect(shown()).toEqual(["n9999"]);
});

test("of what does not change nothing is made anew", () => {
  const sessions = [session({ id: "a" }), session({ id: "b" }), session({ id: "c" })];
  app.take({ event: "snapshot", snapshot: snapshot([account({ sessions }), FILMS]) });
  const [before, other] = app.accounts;
  const next = snapshot([]);
  const put = { at: 0, session: session({ id: "new" }) };
  const change = { ...next, names: ["work", "films"], accounts: [{ account: account({ sessions: [] }), gone: ["b"], put: [put] }] };
  app.take({ event: "changed", change });
  const [after, same] = app.accounts;
  expect(after?.sessions.map(({ id }) => id)).toEqual(["new", "a", "c"]);
  expect(after?.sessions[1]).toBe(before?.sessions[0]);
  expect(same).toBe(other);
});
