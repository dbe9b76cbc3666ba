// The page as a user meets it, against a pretended agent: what it shows, asks and says.
import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { tick } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as ipc from "./ipc";
import { app } from "./model/app.svelte";
import { START } from "./model/state";
import Root from "./Root.svelte";
import { account, at, LISTING, MINTING, NOW, session, SETTINGS, snapshot } from "./testing/made";

const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout"] });
  vi.spyOn(ipc, "sessions").mockResolvedValue();
  app.desk = START;
  app.dialog = null;
  app.toasts = [];
  app.select(null);
});

afterEach(() => {
  vi.useRealTimers();
});

function show(...accounts: ReturnType<typeof account>[]): void {
  app.take({ event: "snapshot", snapshot: snapshot(accounts) });
  render(Root);
}

/** Lets everything that is due happen: promises, timers of now, and the drawing that follows. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  await tick();
}

/** The part of a test id, after all that is due has happened. */
async function soon<T extends HTMLElement = HTMLElement>(id: string): Promise<T> {
  await settle();
  return screen.getByTestId<T>(id);
}

async function heading(): Promise<string | null> {
  await settle();
  return screen.getByRole("heading", { level: 1 }).textContent;
}

async function violations(): Promise<string[]> {
  // jsdom paints nothing, so colours are checked on a real desktop.
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join("\n")}`);
}

test("without an agent it says how to start one, and recovers", async () => {
  render(Root);
  app.take({ event: "offline", error: { code: "offline", message: "No agent is running; start one with `daypass tray`." } });
  expect((await soon("offline")).textContent).toContain("start one with daypass tray");
  app.take({ event: "snapshot", snapshot: snapshot([account()]) });
  expect(await soon("account-work")).toBeTruthy();
  expect(screen.queryByTestId("offline")).toBeNull();
});

test("a session has its name, type, age, countdown and state, and the countdown moves", async () => {
  show(account());
  const row = screen.getByTestId("session-s1");
  expect(row.textContent).toMatch(/ci.*s1.*api.*10 min ago/);
  expect(within(row).getByTestId("state").textContent).toBe("Fresh");
  expect(within(row).getByTestId("countdown").textContent?.trim()).toBe("32m");
  await vi.advanceTimersByTimeAsync(2000);
  expect(within(row).getByTestId("countdown").textContent?.trim()).toBe("31m");
});

test("a session that is not held offers no copy", () => {
  show(account({ sessions: [session({ held: false, state: "foreign" })] }));
  const row = within(screen.getByTestId("session-s1"));
  expect(row.queryByTestId("copy")).toBeNull();
  expect(row.getByTestId("revoke")).toBeTruthy();
});

test("copying asks the agent and says when the clipboard is cleared; the page gets no token", async () => {
  const view = { account: "work", session_id: "s1", expires_at: at(1920), cleared_at: at(45) };
  const copy = vi.spyOn(ipc, "copy").mockResolvedValue(view);
  show(account());
  await user.click(within(screen.getByTestId("session-s1")).getByTestId("copy"));
  expect(copy).toHaveBeenCalledExactlyOnceWith({ account: "work", session: "s1" });
  expect((await soon("toast")).textContent).toContain("cleared in 45 s");
});

test("Ctrl+Q ends Daypass, and without an agent the window alone", async () => {
  const quit = vi.spyOn(ipc, "quit").mockResolvedValue();
  const close = vi.spyOn(ipc, "close").mockResolvedValue();
  show(account());
  await user.keyboard("{Control>}q{/Control}");
  expect(quit).toHaveBeenCalledOnce();
  expect(close).not.toHaveBeenCalled();
  quit.mockRejectedValue({ code: "offline", message: "No agent is running." });
  await user.keyboard("{Control>}q{/Control}");
  await settle();
  expect(close).toHaveBeenCalledOnce();
});

test("an error is said in the region that interrupts, and stays until it is closed", async () => {
  vi.spyOn(ipc, "refresh").mockRejectedValue({ code: "rate_limited", message: "Too many requests.", retry_after: 9 });
  show(account());
  app.select("work");
  await settle();
  await user.click(screen.getByTestId("refresh"));
  const toast = await soon("toast");
  expect(toast.closest("[role=alert]")).toBeTruthy();
  expect(toast.textContent).toContain("Too many requests. Try again in 9 s.");
  await vi.advanceTimersByTimeAsync(60_000);
  await user.click(within(toast).getByRole("button"));
  expect(screen.queryByTestId("toast")).toBeNull();
});

test("nothing is revoked before the user has read what it does and said yes", async () => {
  const revoke = vi.spyOn(ipc, "revokeSession").mockResolvedValue({ revoked: 1, valid_until: null, message: "Revoked." });
  show(account());
  const button = within(screen.getByTestId("session-s1")).getByTestId("revoke");
  await user.click(button);
  const dialog = screen.getByRole("dialog", { name: "Revoke “ci”?" });
  expect(dialog.textContent).toContain(LISTING.revoke_effect);
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(document.activeElement).toBe(button);
  expect(revoke).not.toHaveBeenCalled();

  await user.click(button);
  await user.click(screen.getByTestId("confirm"));
  expect(revoke).toHaveBeenCalledExactlyOnceWith("work", "s1", false);
  expect((await soon("toast")).textContent).toContain("“ci” was revoked.");
});

test("a revocation that fails says why in its dialog, and can be tried again there", async () => {
  vi.spyOn(ipc, "revokeSession").mockRejectedValue({ code: "offline", message: "It does not answer." });
  show(account({ abilities: MINTING }));
  await user.click(within(screen.getByTestId("session-s1")).getByTestId("revoke"));
  await user.click(screen.getByTestId("confirm"));
  expect(ipc.revokeSession).toHaveBeenCalledWith("work", "s1", true);
  expect(within(screen.getByRole("dialog")).getByRole("alert").textContent).toBe("It does not answer.");
  expect(screen.getByTestId("confirm")).toBeTruthy();
});

test("a question that was closed while it was done says how it went, and closes no other", async () => {
  let fail: (error: unknown) => void = () => undefined;
  vi.spyOn(ipc, "revokeSession").mockReturnValue(new Promise((_, reject) => (fail = reject)));
  show(account());
  await user.click(within(screen.getByTestId("session-s1")).getByTestId("revoke"));
  await user.click(screen.getByTestId("confirm"));
  await user.click(screen.getByTestId("cancel"));
  app.dialog = { kind: "shortcuts" };
  fail({ code: "offline", message: "AntiRaid cannot be reached." });
  expect((await soon("toast")).textContent).toContain("cannot be reached");
  expect(app.dialog).toEqual({ kind: "shortcuts" });
});

test("a new session takes a name and a life within the provider's range", async () => {
  const create = vi.spyOn(ipc, "createSession").mockResolvedValue(session());
  show(account());
  await user.click(screen.getByTestId("new-session"));
  expect(document.activeElement).toBe(screen.getByTestId("session-name"));
  await user.type(screen.getByTestId("session-name"), "deploy");
  await user.type(screen.getByTestId("session-life"), "101y");
  await user.click(screen.getByTestId("create"));
  expect(create).not.toHaveBeenCalled();
  expect(screen.getByRole("dialog").textContent).toContain("The longest life is 100 years.");
  await user.clear(screen.getByTestId("session-life"));
  await user.type(screen.getByTestId("session-life"), "2d{Enter}");
  expect(create).toHaveBeenCalledExactlyOnceWith("work", { name: "deploy", life: 172_800 });
});

test("the arrow keys walk through the accounts", async () => {
  show(account(), account({ name: "films", sessions: [] }));
  screen.getByTestId("all-accounts").focus();
  await user.keyboard("{ArrowDown}");
  expect(app.selected).toBe("work");
  await user.keyboard("{End}");
  expect(app.selected).toBe("films");
  expect(document.activeElement).toBe(screen.getByTestId("account-films"));
  expect(screen.getByTestId("account-films").getAttribute("aria-current")).toBe("page");
  await user.keyboard("{Home}");
  expect(app.selected).toBeNull();
});

test("what Rust left for the page is taken once, before anything is asked", async () => {
  const here = window as { daypassPresent?: ipc.Update };
  here.daypassPresent = { event: "snapshot", snapshot: snapshot([account()]) };
  vi.spyOn(ipc, "subscribe").mockImplementation(() => new Promise(() => undefined));
  void app.start();
  expect(app.desk.link).toBe("online");
  expect(here.daypassPresent).toBeUndefined();
});

test("a page that is asked for before there are accounts is shown as soon as there are", async () => {
  render(Root);
  app.show({ page: "new_session" });
  expect(screen.queryByRole("dialog")).toBeNull();
  app.take({ event: "snapshot", snapshot: snapshot([account()]) });
  await settle();
  expect(screen.getByRole("dialog", { name: "New session" })).toBeTruthy();
});

test("a session of a removed account is not looked at any more", async () => {
  show(account(), account({ name: "films", sessions: [] }));
  app.select("films");
  expect(await heading()).toBe("films");
  app.take({ event: "snapshot", snapshot: snapshot([account()]) });
  expect(await heading()).toBe("All accounts");
});

test("what was said, and what is asked, is read in another language as soon as that is chosen", async () => {
  vi.spyOn(ipc, "copy").mockResolvedValue({ account: "work", session_id: "s1", expires_at: at(1920), cleared_at: at(45) });
  vi.spyOn(ipc, "refresh").mockRejectedValue({ code: "offline", message: "No agent is running.", retry_after: 30 });
  show(account());
  await user.click(screen.getByTestId("account-work"));
  const head = within(await screen.findByRole("banner"));
  await user.click(head.getByTestId("copy"));
  await user.click(head.getByTestId("refresh"));
  await user.click(screen.getByTestId("remove"));
  await settle();
  const said = () => screen.getAllByTestId("toast").map((toast) => toast.textContent?.trim());
  expect(said()).toEqual(["Token of “work” copied. The clipboard is cleared in 45 s.", "No agent is running. Try again in 30 s."]);
  const settings = { ...SETTINGS, appearance: { ...SETTINGS.appearance, language: "de" as const } };
  vi.setSystemTime(NOW + 5000);
  const told = snapshot([account()]);
  app.take({ event: "snapshot", snapshot: { ...told, settings: { ...told.settings, settings } } });
  await settle();
  expect(said()).toEqual(["Token von „work“ kopiert. Die Zwischenablage wird in 45 s geleert.", "No agent is running. Nächster Versuch möglich in 30 s."]);
  expect(within(screen.getByRole("dialog")).getByRole("heading").textContent).toMatch(/„work“/);
});

test("axe finds nothing in the accounts, an account, and a dialog", async () => {
  const problem = { code: "needs_sign_in", message: "Refused.", since: at(-60), retry_at: null } as const;
  show(account({ health: "needs_you", problem }), account({ name: "films", abilities: MINTING, refreshing: true, health: "refreshing" }));
  vi.useRealTimers();
  expect(await violations()).toEqual([]);
  app.select("work");
  await tick();
  expect(screen.getByTestId("revoke-all")).toBeTruthy();
  expect(await violations()).toEqual([]);
  app.newSession();
  await tick();
  expect(screen.getByTestId("session-name")).toBeTruthy();
  expect(await violations()).toEqual([]);
});
