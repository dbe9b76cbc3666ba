// Connecting an account as a user meets it: the question, the form, what is refused, a code, and a pasted command.
import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { tick } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as ipc from "../ipc";
import { app } from "../model/app.svelte";
import { START } from "../model/state";
import Root from "../Root.svelte";
import type { ApiError } from "../types/ApiError";
import { account, at, MINTING, NOW, provider, SETTINGS, snapshot } from "../testing/made";

const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
const SECRET = "a1b2c3d4e5";
const COMMAND = `curl -X POST https://api.discover.test/token \\\n  -H 'x-api-key: ${SECRET}'`;
const REFUSED: ApiError = { code: "needs_sign_in", message: "AntiRaid does not accept the credential (401, InvalidToken).", field: "credential" };
const PENDING = { id: "i1", user_code: "KXQ-4RT", qr: "data:image/svg+xml,%3Csvg%2F%3E", expires_at: at(600), state: { state: "pending" } } as const;

const ANTIRAID = provider();
const DISCOVER = provider({
  name: "discover",
  title: "Discover",
  base_url: "https://api.discover.test",
  credential: { label: "API key", help: "In the console, under API access." },
  params: [{ key: "scope", label: "Scopes", help: "What it may do.", required: false, default: "search-rec", offered: false }],
});
const DISCOVR = provider({
  name: "discovr",
  title: "Discovr",
  credential: { label: "Refresh token", help: "The rt_… token." },
  params: [{ key: "profile_id", label: "Profile", help: "Whose it is.", required: true, default: null, offered: true }],
  abilities: MINTING,
});
const OWN = provider({ name: "mine", title: "Mine", own: true });

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  vi.spyOn(ipc, "providers").mockResolvedValue([ANTIRAID, DISCOVER, DISCOVR, OWN]);
  app.desk = START;
  app.dialog = null;
  app.toasts = [];
  app.select(null);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function show(...accounts: ReturnType<typeof account>[]): Promise<void> {
  app.take({ event: "snapshot", snapshot: snapshot(accounts) });
  app.connect();
  render(Root);
  await settle();
}

/** Lets everything that is due happen: promises, the page that is loaded when it is needed, and the drawing that follows. */
async function settle(): Promise<void> {
  await vi.dynamicImportSettled();
  await vi.advanceTimersByTimeAsync(0);
  await tick();
}

async function soon<T extends HTMLElement = HTMLElement>(id: string): Promise<T> {
  await settle();
  return screen.getByTestId<T>(id);
}

/** Opens the form of a provider. */
async function choose(name: string): Promise<void> {
  await user.click(await soon(`provider-${name}`));
  await settle();
}

function paste(text: string, target: EventTarget = document.body): boolean {
  const event = new Event("paste", { bubbles: true, cancelable: true });
  Object.assign(event, { clipboardData: { getData: () => text } });
  target.dispatchEvent(event);
  return event.defaultPrevented;
}

async function violations(): Promise<string[]> {
  vi.useRealTimers();
  // jsdom paints nothing, so colours are checked on a real desktop.
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join("\n")}`);
}

/** What is said of a field, by its test id. */
function said(id: string): string {
  const ids = screen.getByTestId(id).getAttribute("aria-describedby") ?? "";
  return document.getElementById(ids)?.textContent ?? "";
}

test("a window without accounts asks one question, with every provider and a way to just try it as answers", async () => {
  app.take({ event: "snapshot", snapshot: snapshot([]) });
  render(Root);
  await settle();
  expect(screen.getByRole("heading", { level: 1 }).textContent?.trim()).toBe("What do you want to connect?");
  for (const { name, title, about } of [ANTIRAID, DISCOVER, DISCOVR, OWN]) {
    const choice = screen.getByTestId(`provider-${name}`);
    expect(choice.textContent).toContain(title);
    expect(choice.textContent).toContain(about);
  }
  expect(screen.getByTestId("provider-mine").textContent).toContain("your own");
  expect(screen.getByTestId("try").textContent).toContain("Just try it");
  // There is nothing to go back to.
  expect(screen.queryByTestId("cancel")).toBeNull();
  expect(await violations()).toEqual([]);
});

test("one click tries it, and ends on the accounts", async () => {
  let done: (accounts: ReturnType<typeof account>[]) => void = () => undefined;
  const tryOut = vi.spyOn(ipc, "tryOut").mockReturnValue(new Promise((resolve) => (done = resolve)));
  await show();
  await user.click(screen.getByTestId("try"));
  await user.click(screen.getByTestId("try"));
  expect(tryOut).toHaveBeenCalledOnce();
  expect(screen.getByTestId("try").getAttribute("aria-busy")).toBe("true");
  expect(screen.getAllByRole("status").map((part) => part.textContent).join()).toContain("connecting four accounts");
  done([account()]);
  app.take({ event: "snapshot", snapshot: snapshot([account()]) });
  await settle();
  expect(app.view).toBe("sessions");
  expect((await soon("toast")).textContent).toContain("Four sample accounts on this computer are connected");
});

test("why it cannot be tried is said there, with a way to the settings", async () => {
  vi.spyOn(ipc, "tryOut").mockRejectedValue({ code: "internal", message: "Port 7277 is taken by another program." });
  await show();
  await user.click(screen.getByTestId("try"));
  const problem = await soon("try-problem");
  expect(problem.getAttribute("role")).toBe("alert");
  expect(problem.textContent).toContain("Port 7277 is taken");
  expect(within(problem).getByRole("button", { name: "Open settings" })).toBeTruthy();
  expect(await violations()).toEqual([]);
});

test("the form asks for what the provider needs, with help where it is found", async () => {
  await show();
  await choose("discover");
  expect(screen.getByRole("heading", { level: 1 }).textContent?.trim()).toBe("Connect Discover");
  expect(said("credential")).toBe("In the console, under API access.");
  expect(document.activeElement).toBe(screen.getByTestId("credential"));
  expect(screen.getByTestId<HTMLInputElement>("account-name").value).toBe("discover");
  expect(screen.getByTestId<HTMLInputElement>("param-scope").value).toBe("search-rec");
  expect(await violations()).toEqual([]);
});

test("Esc goes back to the question", async () => {
  await show();
  await choose("discover");
  await user.keyboard("{Escape}");
  await settle();
  expect(screen.getByTestId("provider-discover")).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByRole("heading", { level: 1 }));
});

test("a credential is tried, and it is said where, before the account is shown", async () => {
  let done: (connected: ReturnType<typeof account>) => void = () => undefined;
  const add = vi.spyOn(ipc, "addAccount").mockReturnValue(new Promise((resolve) => (done = resolve)));
  await show();
  await choose("antiraid");
  await user.type(screen.getByTestId("credential"), SECRET);
  await user.click(screen.getByTestId("connect-submit"));
  await user.click(screen.getByTestId("connect-submit"));
  expect(add).toHaveBeenCalledOnce();
  expect(add.mock.calls[0]?.[0]).toMatchObject({ provider: "antiraid", name: "antiraid", credential: SECRET });
  expect(screen.getByTestId("progress").textContent).toContain("Trying it at https://api.antiraid.test…");
  expect(await violations()).toEqual([]);
  done(account({ name: "antiraid" }));
  app.take({ event: "snapshot", snapshot: snapshot([account({ name: "antiraid" })]) });
  await vi.waitFor(() => expect(app.selected).toBe("antiraid"));
});

test("a refused credential says exactly why at its field, and nothing of it stays on the page", async () => {
  vi.spyOn(ipc, "addAccount").mockRejectedValue(REFUSED);
  await show();
  await choose("antiraid");
  const field = await soon<HTMLInputElement>("credential");
  expect(field.type).toBe("password");
  await user.type(field, SECRET);
  await user.click(screen.getByTestId("connect-submit"));
  await settle();
  expect(said("credential")).toBe(REFUSED.message);
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(field.value).toBe("");
  expect(document.activeElement).toBe(field);
  expect(document.documentElement.outerHTML + JSON.stringify(app)).not.toContain(SECRET);
  expect(await violations()).toEqual([]);
});

test("what is wrong stands at the field that it is about, also where that was folded away", async () => {
  const refuse = vi.spyOn(ipc, "addAccount");
  await show();
  await choose("discover");
  for (const [field, id] of [["name", "account-name"], ["base_url", "base-url"], ["params.scope", "param-scope"]] as const) {
    refuse.mockRejectedValueOnce({ code: "bad_request", message: `This ${field} does not fit.`, field });
    await user.type(screen.getByTestId("credential"), SECRET);
    await user.click(screen.getByTestId("connect-submit"));
    await settle();
    expect(said(id)).toBe(`This ${field} does not fit.`);
    expect(document.activeElement).toBe(screen.getByTestId(id));
  }
  expect(screen.getByTestId("base-url").closest("details")?.open).toBe(true);
  refuse.mockRejectedValueOnce({ code: "locked", message: "The keyring is locked." });
  await user.type(screen.getByTestId("credential"), SECRET);
  await user.click(screen.getByTestId("connect-submit"));
  expect((await soon("connect-problem")).textContent).toBe("The keyring is locked.");
});

test("what is missing in the form is named before anything is asked", async () => {
  const add = vi.spyOn(ipc, "addAccount");
  await show();
  await choose("antiraid");
  await user.click(screen.getByTestId("connect-submit"));
  expect(add).not.toHaveBeenCalled();
  expect(said("credential")).toBe("Login token: this is missing.");
  expect(document.activeElement).toBe(screen.getByTestId("credential"));
});

test("a sign-in by code shows its picture, the code and the time left, and ends on the account when it is approved", async () => {
  const begin = vi.spyOn(ipc, "signIn").mockResolvedValue(PENDING);
  const state = vi.spyOn(ipc, "signInState").mockResolvedValue(PENDING);
  const cancel = vi.spyOn(ipc, "cancelSignIn").mockResolvedValue();
  await show();
  await choose("discovr");
  // The profile is found out by the sign-in.
  expect(screen.getByTestId<HTMLInputElement>("param-profile_id").required).toBe(false);
  await user.click(screen.getByTestId("connect-submit"));
  expect((await soon("user-code")).textContent).toBe("KXQ-4RT");
  expect(begin).toHaveBeenCalledExactlyOnceWith({ provider: "discovr", name: "discovr", params: {} });
  expect(screen.getByRole("img", { name: "The code KXQ-4RT as a QR picture" })).toBeTruthy();
  expect(screen.getByTestId("countdown").textContent?.trim()).toBe("10m 00s");
  await vi.advanceTimersByTimeAsync(2000);
  expect(screen.getByTestId("countdown").textContent?.trim()).toBe("9m 58s");
  state.mockResolvedValue({ ...PENDING, state: { state: "done", account: "films" } });
  await vi.advanceTimersByTimeAsync(1000);
  expect(app.selected).toBe("films");
  expect(cancel).not.toHaveBeenCalled();
});

test("the code can be copied", async () => {
  vi.spyOn(ipc, "signIn").mockResolvedValue(PENDING);
  vi.spyOn(ipc, "cancelSignIn").mockResolvedValue();
  await show();
  await choose("discovr");
  await user.click(screen.getByTestId("connect-submit"));
  let copied = "";
  document.execCommand = () => {
    copied = getSelection()?.toString() ?? "";
    return true;
  };
  await user.click(await soon("copy-code"));
  expect(copied).toBe("KXQ-4RT");
  expect((await soon("copy-code")).textContent).toBe("Copied");
  expect(await violations()).toEqual([]);
});

test("a code that has run out is begun again with one click", async () => {
  const begin = vi.spyOn(ipc, "signIn").mockResolvedValue(PENDING);
  vi.spyOn(ipc, "signInState").mockResolvedValue(PENDING);
  vi.spyOn(ipc, "cancelSignIn").mockResolvedValue();
  await show();
  await choose("discovr");
  await user.click(screen.getByTestId("connect-submit"));
  await soon("user-code");
  await vi.advanceTimersByTimeAsync(601_000);
  expect((await soon("code-problem")).textContent).toBe("The code has run out.");
  expect(screen.queryByTestId("user-code")).toBeNull();
  begin.mockResolvedValue({ ...PENDING, id: "i2", user_code: "NEW-C0DE", expires_at: at(1200) });
  await user.click(screen.getByTestId("code-again"));
  expect((await soon("user-code")).textContent).toBe("NEW-C0DE");
});

test("a code that was denied says so, and can be begun again", async () => {
  const error = { code: "needs_sign_in", message: "The sign-in was denied." } as const;
  vi.spyOn(ipc, "signIn").mockResolvedValue(PENDING);
  vi.spyOn(ipc, "signInState").mockResolvedValue({ ...PENDING, state: { state: "failed", error } });
  await show();
  await choose("discovr");
  await user.click(screen.getByTestId("connect-submit"));
  await soon("user-code");
  await vi.advanceTimersByTimeAsync(1000);
  expect((await soon("code-problem")).textContent).toBe("The sign-in was denied.");
  expect(screen.getByTestId("code-again")).toBeTruthy();
  expect(await violations()).toEqual([]);
});

test("a sign-in that the user walks away from is given up", async () => {
  vi.spyOn(ipc, "signIn").mockResolvedValue(PENDING);
  const cancel = vi.spyOn(ipc, "cancelSignIn").mockResolvedValue();
  await show(account());
  await choose("discovr");
  await user.click(screen.getByTestId("connect-submit"));
  await soon("user-code");
  await user.click(screen.getByTestId("account-work"));
  await settle();
  expect(cancel).toHaveBeenCalledExactlyOnceWith("i1");
});

test("a command that is pasted anywhere fills in the form and connects, without its credential in the page", async () => {
  const found = { provider: "discover", base_url: "https://eu.discover.test", params: { scope: "event" }, credential: true };
  const recognize = vi.spyOn(ipc, "recognize").mockResolvedValue(found);
  const add = vi.spyOn(ipc, "addAccount").mockResolvedValue(account({ name: "discover" }));
  await show();
  expect(paste("just words")).toBe(false);
  expect(recognize).not.toHaveBeenCalled();
  expect(paste(COMMAND)).toBe(true);
  await settle();
  expect(recognize).toHaveBeenCalledExactlyOnceWith({ command: COMMAND });
  expect(screen.getByTestId("pasted").textContent).toContain("API key");
  expect(screen.getByTestId<HTMLInputElement>("param-scope").value).toBe("event");
  expect(screen.getByTestId<HTMLInputElement>("base-url").value).toBe("https://eu.discover.test");
  expect(document.activeElement).toBe(screen.getByTestId("connect-submit"));
  expect(document.documentElement.outerHTML + JSON.stringify(app)).not.toContain(SECRET);
  await user.click(screen.getByTestId("connect-submit"));
  await settle();
  const asked = add.mock.calls[0]?.[0];
  expect(asked).toMatchObject({ provider: "discover", command: COMMAND, base_url: "https://eu.discover.test", params: { scope: "event" } });
  expect(asked).not.toHaveProperty("credential");
  expect(app.selected).toBe("discover");
});

test("a command is used once: where its credential is refused, another is asked for", async () => {
  vi.spyOn(ipc, "recognize").mockResolvedValue({ provider: "discover", base_url: null, params: {}, credential: true });
  vi.spyOn(ipc, "addAccount").mockRejectedValue(REFUSED);
  await show();
  paste(COMMAND);
  await soon("pasted");
  await user.click(screen.getByTestId("connect-submit"));
  const field = await soon<HTMLInputElement>("credential");
  expect(said("credential")).toBe(REFUSED.message);
  expect(document.activeElement).toBe(field);
  expect(screen.queryByTestId("pasted")).toBeNull();
});

test("a command with a placeholder fills in the rest", async () => {
  vi.spyOn(ipc, "recognize").mockResolvedValue({ provider: "discovr", base_url: null, params: { profile_id: "p1" }, credential: false });
  await show();
  paste(COMMAND, await soon("paste"));
  const field = await soon<HTMLInputElement>("credential");
  expect(screen.getByTestId<HTMLInputElement>("param-profile_id").value).toBe("p1");
  expect(document.activeElement).toBe(field);
  expect(await violations()).toEqual([]);
});

test("what is pasted into its field and is no command is told there", async () => {
  vi.spyOn(ipc, "recognize").mockRejectedValue({ code: "bad_request", message: "This is no curl command." });
  await show();
  const field = await soon<HTMLInputElement>("paste");
  paste("wget https://api.discover.test", field);
  await settle();
  expect(said("paste")).toBe("This is no curl command.");
  expect(field.value).toBe("");
  expect(await violations()).toEqual([]);
});

test("an account that needs a new credential gets the form with what it has", async () => {
  const add = vi.spyOn(ipc, "addAccount").mockResolvedValue(account());
  await show(account({ base_url: "https://eu.antiraid.test", health: "needs_you" }));
  app.show({ page: "sign_in", account: "work" });
  await settle();
  expect(screen.getByRole("heading", { level: 1 }).textContent?.trim()).toBe("A new credential for “work”");
  expect(screen.queryByTestId("account-name")).toBeNull();
  expect(screen.getByTestId<HTMLInputElement>("base-url").value).toBe("https://eu.antiraid.test");
  await user.type(screen.getByTestId("credential"), SECRET);
  await user.click(screen.getByTestId("connect-submit"));
  await settle();
  expect(add.mock.calls[0]?.[0]).toMatchObject({ name: "work", provider: "antiraid", credential: SECRET });
  expect(app.selected).toBe("work");
});

test("a command for another provider does not change whose credential is asked for", async () => {
  vi.spyOn(ipc, "recognize").mockResolvedValue({ provider: "discover", base_url: null, params: {}, credential: true });
  await show(account({ health: "needs_you" }));
  app.show({ page: "sign_in", account: "work" });
  await settle();
  paste(COMMAND);
  expect((await soon("paste-problem")).textContent).toBe("The command is one for Discover, not for this account.");
  expect(screen.getByTestId("credential")).toBeTruthy();
});

test("the page speaks German", async () => {
  await show();
  const settings = { ...SETTINGS, appearance: { ...SETTINGS.appearance, language: "de" } } as const;
  const german = snapshot([]);
  app.take({ event: "snapshot", snapshot: { ...german, settings: { ...german.settings, settings } } });
  await settle();
  expect(screen.getByRole("heading", { level: 1 }).textContent?.trim()).toBe("Was soll verbunden werden?");
  await choose("discover");
  expect(screen.getByTestId("connect-submit").textContent?.trim()).toBe("Verbinden");
});
