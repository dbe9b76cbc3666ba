// The settings as a user meets them: applied at once, going back where that fails, and what is wrong with their file.
import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { tick } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as ipc from "../ipc";
import { app } from "../model/app.svelte";
import { START } from "../model/state";
import Root from "../Root.svelte";
import { account, NOW, SETTINGS, snapshot } from "../testing/made";
import type { Settings } from "../types/Settings";
import type { SettingsView } from "../types/SettingsView";
import { combination } from "./combination";

// The page is long, and axe looks at every part of it with every rule.
vi.setConfig({ testTimeout: 30_000 });

const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
const PLACES: ipc.Places = {
  config: "/users/me/.config/daypass/config.toml",
  vault: "/users/me/.local/share/daypass/vault.sqlite",
  providers: "/users/me/.config/daypass/providers",
  log: "/users/me/.local/share/daypass/agent.log",
};

function fakeTimers(): void {
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout"] });
}

beforeEach(() => {
  fakeTimers();
  vi.spyOn(ipc, "places").mockResolvedValue(PLACES);
  app.desk = START;
  app.dialog = null;
  app.toasts = [];
  app.select(null);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function settle(): Promise<void> {
  // The page is a part of its own, which is loaded when it is shown.
  await vi.dynamicImportSettled();
  await vi.advanceTimersByTimeAsync(0);
  await tick();
}

/** Tells the page what is in force. */
async function inForce(over: Partial<SettingsView> = {}): Promise<void> {
  const view = snapshot([account()]);
  app.take({ event: "snapshot", snapshot: { ...view, settings: { ...view.settings, ...over } } });
  await settle();
}

async function show(over: Partial<SettingsView> = {}): Promise<void> {
  await inForce(over);
  render(Root);
  app.settings();
  await settle();
}

const changed = (over: object): Settings => ({ ...SETTINGS, ...over });
const field = <T extends HTMLElement>(id: string): T => screen.getByTestId<T>(id);
const problem = (key: string): string => within(screen.getByTestId(`setting-${key}`)).getByTestId("problem").textContent ?? "";

async function violations(): Promise<string[]> {
  // axe takes its time by the clock.
  vi.useRealTimers();
  // jsdom paints nothing, so colours are checked on a real desktop.
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  fakeTimers();
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join("\n")}`);
}

test("the keys and the sidebar lead to the settings", async () => {
  await inForce();
  render(Root);
  await user.keyboard("{Control>},{/Control}");
  await settle();
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Settings");
  expect(field("settings").getAttribute("aria-current")).toBe("page");
  app.select(null);
  await settle();
  await user.click(field("settings"));
  await settle();
  expect(document.activeElement).toBe(screen.getByRole("heading", { level: 1 }));
});

test("each setting has a name and a sentence", async () => {
  await show();
  const controls = screen.getAllByRole("switch").concat(screen.getAllByRole("combobox"), screen.getAllByRole("spinbutton"));
  expect(controls.length).toBe(15);
  for (const control of [...controls, field("quick_copy.shortcut")]) {
    const says = document.getElementById(control.getAttribute("aria-describedby") ?? "")?.textContent ?? "";
    expect(says, control.outerHTML).toMatch(/^[A-Z].+\.$/);
    expect((control as HTMLInputElement).labels?.length, control.outerHTML).toBe(1);
  }
});

test("a switch is applied at once, and is not turned back before the agent has told", async () => {
  const change = vi.spyOn(ipc, "changeSettings").mockResolvedValue();
  await show();
  await user.click(field("refresh.paused"));
  expect(change).toHaveBeenCalledWith({ refresh: { paused: true } });
  await settle();
  expect(field<HTMLInputElement>("refresh.paused").checked).toBe(true);
  await inForce({ settings: changed({ refresh: { keep_fresh: "used", paused: true } }) });
  await vi.advanceTimersByTimeAsync(2000);
  expect(field<HTMLInputElement>("refresh.paused").checked).toBe(true);
  await inForce();
  expect(field<HTMLInputElement>("refresh.paused").checked).toBe(false);
});

test("a change that fails goes back and says why", async () => {
  const refusal = { code: "internal", message: "The settings file /x has an error in line 3; correct it first." } as const;
  const change = vi.spyOn(ipc, "changeSettings").mockRejectedValue(refusal);
  await show();
  await user.click(field("start_at_login"));
  await settle();
  expect(field<HTMLInputElement>("start_at_login").checked).toBe(false);
  expect(problem("start_at_login")).toBe(refusal.message);
  await user.selectOptions(field("appearance.theme"), "dark");
  await settle();
  expect(field<HTMLSelectElement>("appearance.theme").value).toBe("system");
  expect(await violations()).toEqual([]);
  change.mockResolvedValue();
  await user.click(field("start_at_login"));
  await settle();
  expect([problem("start_at_login"), field<HTMLInputElement>("start_at_login").checked]).toEqual(["", true]);
});

test("a number is asked for once it is written, and a wrong one is not", async () => {
  const change = vi.spyOn(ipc, "changeSettings").mockResolvedValue();
  await show();
  const seconds = field<HTMLInputElement>("clipboard.clear_after");
  await user.clear(seconds);
  await user.type(seconds, "30");
  expect(change).not.toHaveBeenCalled();
  await user.tab();
  expect(change).toHaveBeenCalledWith({ clipboard: { clear_after: 30 } });
  for (const wrong of ["601", "4", "7.5", ""]) {
    await user.clear(seconds);
    if (wrong !== "") await user.type(seconds, wrong);
    await user.tab();
    await settle();
    expect([problem("clipboard.clear_after"), seconds.value]).toEqual(["That has to be a whole number from 5 to 600.", "30"]);
  }
  expect(change).toHaveBeenCalledTimes(1);
});

test("the file's edit is seen, and its error with its line", async () => {
  await show();
  await inForce({ settings: changed({ clipboard: { clear_after: 99 } }) });
  expect(field<HTMLInputElement>("clipboard.clear_after").value).toBe("99");
  await inForce({ error: { line: 7, message: "\"clear_after\" does not take this value." } });
  const banner = field("settings-error");
  expect(banner.textContent).toMatch(/error in line 7\. .*does not take this value.*stay in force/);
  expect(await violations()).toEqual([]);
  await inForce({ error: { line: null, message: "The file is a link to a file that is not there." } });
  expect(field("settings-error").textContent).toContain("The settings file has an error.");
  await inForce();
  expect(screen.queryByTestId("settings-error")).toBeNull();
});

test("a shortcut is chosen by pressing it", async () => {
  const change = vi.spyOn(ipc, "changeSettings").mockResolvedValue();
  await show();
  const shortcut = field("quick_copy.shortcut");
  await user.click(shortcut);
  expect(shortcut.textContent?.trim()).toBe("Press the keys…");
  expect(await violations()).toEqual([]);
  // Not the list of sessions, the window's own keys or its end.
  await user.keyboard("{Control>}{Alt>}q{/Alt}{/Control}");
  expect(change).toHaveBeenCalledWith({ quick_copy: { shortcut: "Ctrl+Alt+Q" } });
  await settle();
  expect(shortcut.textContent?.trim()).toBe("Ctrl+Alt+Q");
  await user.click(shortcut);
  await user.keyboard("{Escape}");
  expect(shortcut.textContent?.trim()).toBe("Ctrl+Alt+Q");
  await user.click(field("shortcut-off"));
  expect(change).toHaveBeenLastCalledWith({ quick_copy: { shortcut: "" } });
});

test("what became of the shortcut is said", async () => {
  const chosen = changed({ quick_copy: { shortcut: "Ctrl+Alt+C", keep_warm: false } });
  await show({ settings: chosen, shortcut: { state: "bound", keys: "Ctrl+Alt+C" } });
  expect(field("shortcut-bound").textContent).toBe("Ctrl+Alt+C opens the palette.");
  await inForce({ settings: chosen, shortcut: { state: "taken", message: "Another program has Ctrl+Alt+C." } });
  expect(problem("quick_copy.shortcut")).toBe("Another program has Ctrl+Alt+C.");
});

test("a combination is named by what stands on the keys", () => {
  const press = (key: string, code: string, held: object = {}): string | null => combination(new KeyboardEvent("keydown", { key, code, ...held }));
  expect(press("c", "KeyC", { ctrlKey: true, altKey: true })).toBe("Ctrl+Alt+C");
  expect(press("!", "Digit1", { ctrlKey: true, shiftKey: true })).toBe("Ctrl+Shift+1");
  expect(press("z", "KeyY", { ctrlKey: true })).toBe("Ctrl+Z");
  expect(press(" ", "Space", { metaKey: true })).toBe("Super+Space");
  expect(press("F9", "F9")).toBe("F9");
  expect(press("+", "BracketRight", { altKey: true })).toBe("Alt+Plus");
  expect(press("ArrowUp", "ArrowUp", { altKey: true })).toBe("Alt+Up");
  expect(press("Control", "ControlLeft", { ctrlKey: true })).toBeNull();
});

test("the local authority says how it is", async () => {
  await show({ authority: { state: "running", url: "http://127.0.0.1:7277" } });
  expect(field("authority-state").textContent?.trim()).toBe("It runs at http://127.0.0.1:7277");
  await inForce({ authority: { state: "failed", message: "Port 7277 is taken; choose another one." } });
  expect(field("authority-state").textContent?.trim()).toBe("Port 7277 is taken; choose another one.");
  expect(await violations()).toEqual([]);
});

test("every place can be copied and opened", async () => {
  const copy = vi.spyOn(ipc, "copyPlace").mockResolvedValue();
  const open = vi.spyOn(ipc, "openPlace").mockRejectedValue({ code: "internal", message: "No file manager opens it." });
  await show();
  for (const [place, path] of Object.entries(PLACES)) expect(field(`place-${place}`).textContent).toContain(path);
  await user.click(screen.getByRole("button", { name: "Copy path: Vault" }));
  expect(copy).toHaveBeenCalledWith("vault");
  await user.click(screen.getByRole("button", { name: "Open folder: Log" }));
  expect(open).toHaveBeenCalledWith("log");
  await settle();
  expect(screen.getByText("No file manager opens it.")).toBeTruthy();
});

test("an export asks twice for a passphrase that is long enough", async () => {
  const write = vi.spyOn(ipc, "exportVault").mockResolvedValue(null);
  await show();
  await user.click(field("export"));
  expect(await violations()).toEqual([]);
  await user.type(field("passphrase"), "short{Enter}");
  expect(screen.getByText("The passphrase needs 12 characters or more.")).toBeTruthy();
  await user.type(field("passphrase"), " and now longer");
  await user.type(field("passphrase-again"), "another one{Enter}");
  expect(screen.getByText("The two passphrases differ.")).toBeTruthy();
  await user.clear(field("passphrase-again"));
  await user.type(field("passphrase-again"), "short and now longer{Enter}");
  await settle();
  expect(write).toHaveBeenCalledWith("short and now longer", "daypass-export-2026-11-20.txt");
  expect(app.dialog, "no file was chosen").not.toBeNull();
  write.mockResolvedValue({ accounts: 2, file: "/users/me/laptop.txt" });
  await user.click(field("export-go"));
  await settle();
  expect([app.dialog, app.toasts[0]?.text()]).toEqual([null, "2 accounts were exported to /users/me/laptop.txt."]);
});

test("an import asks for the file, then for its passphrase", async () => {
  const choose = vi.spyOn(ipc, "chooseImport").mockResolvedValueOnce(null);
  const take = vi.spyOn(ipc, "importVault").mockRejectedValueOnce({ code: "bad_request", message: "The passphrase does not fit." });
  await show();
  await user.click(field("import"));
  await settle();
  expect(app.dialog).toBeNull();
  choose.mockResolvedValue("laptop.txt");
  await user.click(field("import"));
  await settle();
  expect(screen.getByRole("dialog").textContent).toContain("The passphrase that laptop.txt was sealed with.");
  expect(await violations()).toEqual([]);
  await user.type(field("passphrase"), "wrong horse battery{Enter}");
  await settle();
  expect(screen.getByRole("dialog").textContent).toContain("The passphrase does not fit.");
  expect(field<HTMLInputElement>("passphrase").value).toBe("");
  take.mockResolvedValue({ added: ["work"], replaced: [], left_out: ["films", "mail"] });
  await user.type(field("passphrase"), "correct horse battery");
  await user.click(field("replace"));
  await user.click(field("import-go"));
  await settle();
  expect(take).toHaveBeenLastCalledWith("correct horse battery", true);
  expect(app.toasts[0]?.text()).toBe("Imported: work. Left out, because there are accounts of these names: films, mail.");
});

test("the page and its keys are free of faults in German too", async () => {
  await show({ settings: changed({ appearance: { theme: "dark", language: "de" } }) });
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Einstellungen");
  expect(document.documentElement.dataset.theme).toBe("dark");
  expect(await violations()).toEqual([]);
});
