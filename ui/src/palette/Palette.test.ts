// The palette as a user meets it: what the keys do, what is said, and what it asks of Rust.
import { fireEvent, render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { tick } from "svelte";
import { afterEach, beforeEach, expect, test, vi, type MockInstance } from "vitest";
import { locale, texts } from "../messages/index.svelte";
import { START } from "../model/state";
import { account, at, NOW, session, SETTINGS, snapshot } from "../testing/made";
import * as door from "./door";
import { palette } from "./palette.svelte";
import PalettePage from "./PalettePage.svelte";
import { ROOMS } from "./rooms";

const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
const COPIED = { account: "work", session_id: "s1", expires_at: at(1920), cleared_at: at(45) };
const NEEDY = { health: "needs_you", freshness: "expired", expires_at: at(-5) } as const;
const PROBLEM = { code: "needs_sign_in", message: "The token was refused.", since: at(-60), retry_at: null } as const;

let copy: MockInstance<typeof door.copy>;
let close: MockInstance<typeof door.close>;
let openWindow: MockInstance<typeof door.openWindow>;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout"] });
  copy = vi.spyOn(door, "copy").mockResolvedValue(COPIED);
  close = vi.spyOn(door, "close").mockResolvedValue();
  openWindow = vi.spyOn(door, "openWindow").mockResolvedValue();
  palette.desk = START;
  palette.reset();
});

afterEach(() => {
  vi.useRealTimers();
});

function show(...accounts: ReturnType<typeof account>[]): void {
  palette.take({ event: "snapshot", snapshot: snapshot(accounts) });
  render(PalettePage);
}

const three = () => ["films", "work", "paw"].map((name, n) => account({ name, last_used_at: at(-n), sessions: [session({ account: name, current: true })] }));
const field = () => screen.getByRole<HTMLInputElement>("combobox");
const chosen = () => screen.getAllByRole("option").filter((row) => row.getAttribute("aria-selected") === "true");

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  await tick();
}

async function violations(): Promise<string[]> {
  // axe waits with the timers of the page.
  vi.useRealTimers();
  // jsdom paints nothing, so colours are checked on a real desktop.
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join("\n")}`);
}

test("two letters and Enter copy the token, and the palette goes", async () => {
  show(...three());
  expect(document.activeElement).toBe(field());
  await user.keyboard("wo{Enter}");
  await settle();
  expect(copy).toHaveBeenCalledExactlyOnceWith({ account: "work" });
  expect(close).toHaveBeenCalledOnce();
});

test("a further session is copied by its id", async () => {
  show(account({ sessions: [session({ current: true }), session({ id: "s2", name: "deploy" })] }));
  await user.keyboard("dep{Enter}");
  expect(copy).toHaveBeenCalledExactlyOnceWith({ account: "work", session: "s2" });
});

test("the arrows go around, and the field says which row is chosen", async () => {
  show(...three());
  expect(chosen()[0]?.dataset.key).toBe("films");
  await user.keyboard("{ArrowUp}");
  expect(chosen().map((row) => row.dataset.key)).toEqual(["paw"]);
  expect(field().getAttribute("aria-activedescendant")).toBe(chosen()[0]?.id);
  await user.keyboard("{ArrowDown}{ArrowDown}");
  expect(chosen()[0]?.dataset.key).toBe("work");
  await user.keyboard("{PageDown}");
  expect(chosen()[0]?.dataset.key).toBe("paw");
});

test("Ctrl and a digit copy that row, and a digit without a row nothing", async () => {
  show(...three());
  await user.keyboard("{Control>}9{/Control}");
  expect(copy).not.toHaveBeenCalled();
  await user.keyboard("{Control>}3{/Control}");
  expect(copy).toHaveBeenCalledExactlyOnceWith({ account: "paw" });
});

test("a click copies", async () => {
  show(...three());
  await user.click(screen.getAllByRole("option")[1] as HTMLElement);
  expect(copy).toHaveBeenCalledExactlyOnceWith({ account: "work" });
});

test("a pointer chooses a row when it moves, not where it lies", async () => {
  show(...three());
  const row = screen.getAllByRole("option")[1] as HTMLElement;
  await fireEvent(row, new MouseEvent("pointermove", { screenX: 5, screenY: 5, bubbles: true }));
  await fireEvent(row, new MouseEvent("pointermove", { screenX: 5, screenY: 5, bubbles: true }));
  expect(chosen()[0]?.dataset.key).toBe("films");
  await fireEvent(row, new MouseEvent("pointermove", { screenX: 6, screenY: 5, bubbles: true }));
  expect(chosen()[0]?.dataset.key).toBe("work");
});

test("Esc closes and copies nothing", async () => {
  show(...three());
  await user.keyboard("wo{Escape}");
  expect(close).toHaveBeenCalledOnce();
  expect(copy).not.toHaveBeenCalled();
});

test("a failure stays with its reason, until something else is chosen", async () => {
  copy.mockRejectedValue({ code: "rate_limited", message: "Too many requests.", retry_after: 9 });
  show(...three());
  await user.keyboard("{Enter}");
  await settle();
  expect(screen.getByRole("alert").textContent).toContain("Too many requests. Try again in 9 s.");
  expect(close).not.toHaveBeenCalled();
  await user.keyboard("{ArrowDown}");
  expect(screen.queryByRole("alert")).toBeNull();
});

test("while a token is under way the row says so, and Enter asks no second time", async () => {
  copy.mockReturnValue(new Promise(() => undefined));
  show(...three());
  await user.keyboard("{Enter}{Enter}");
  expect(copy).toHaveBeenCalledOnce();
  expect(chosen()[0]?.textContent).toContain("Copying…");
});

test("what a wish of an earlier time comes to closes nothing", async () => {
  let arrive: (view: typeof COPIED) => void = () => undefined;
  copy.mockReturnValue(new Promise((done) => (arrive = done)));
  show(...three());
  await user.keyboard("{Enter}");
  palette.take({ event: "hidden" });
  palette.take({ event: "shown" });
  arrive(COPIED);
  await settle();
  expect(close).not.toHaveBeenCalled();
});

test("a copy that fails while it is hidden is told when it is shown again, and once", async () => {
  let fail: (error: unknown) => void = () => undefined;
  copy.mockReturnValue(new Promise((_, refuse) => (fail = refuse)));
  show(...three());
  await user.keyboard("work{Enter}");
  palette.take({ event: "hidden" });
  fail({ code: "offline", message: "AntiRaid cannot be reached." });
  await settle();
  expect(screen.queryByTestId("palette-failure")).toBeNull();
  palette.take({ event: "shown" });
  await settle();
  expect(screen.getByRole("alert").textContent).toContain("“work” was not copied. AntiRaid cannot be reached.");
  expect(close).not.toHaveBeenCalled();
  palette.take({ event: "hidden" });
  palette.take({ event: "shown" });
  await settle();
  expect(screen.queryByTestId("palette-failure")).toBeNull();
});

test("a copy of an earlier time that fails is told where it is shown again already", async () => {
  let fail: (error: unknown) => void = () => undefined;
  copy.mockReturnValue(new Promise((_, refuse) => (fail = refuse)));
  show(...three());
  await user.keyboard("work{Enter}");
  palette.take({ event: "hidden" });
  palette.take({ event: "shown" });
  fail({ code: "offline", message: "AntiRaid cannot be reached." });
  await settle();
  expect(screen.getByTestId("palette-failure").textContent).toContain("“work” was not copied.");
});

test("when it is hidden it forgets, and when it is shown the field has the focus", async () => {
  show(...three());
  await user.keyboard("paw{ArrowDown}");
  field().blur();
  palette.take({ event: "hidden" });
  await settle();
  expect(field().value).toBe("");
  palette.take({ event: "shown" });
  await settle();
  expect(document.activeElement).toBe(field());
  expect(chosen()[0]?.dataset.key).toBe("films");
});

test("an account that needs its user says why, and Enter opens the sign-in", async () => {
  show(account({ ...NEEDY, problem: PROBLEM }));
  const row = screen.getByRole("option");
  expect(row.textContent).toContain("The token was refused.");
  expect(row.textContent).toContain("Needs you");
  await user.keyboard("{Enter}");
  await settle();
  expect(openWindow).toHaveBeenCalledExactlyOnceWith({ page: "sign_in", account: "work" });
  expect(copy).not.toHaveBeenCalled();
  expect(close).toHaveBeenCalledOnce();
});

test("a refused credential does not keep a live token from being copied", async () => {
  show(account({ health: "needs_you", problem: PROBLEM }));
  await user.keyboard("{Enter}");
  expect(copy).toHaveBeenCalledOnce();
});

test("a session that has ended says so and is not copied", async () => {
  show(account({ sessions: [session({ current: true }), session({ id: "s2", name: "deploy", expires_at: at(-1) })] }));
  await user.keyboard("dep");
  expect(screen.getByRole("option").textContent).toContain("It has ended.");
  await user.keyboard("{Enter}");
  expect(copy).not.toHaveBeenCalled();
  expect(openWindow).toHaveBeenCalledExactlyOnceWith({ page: "sessions", account: "work", session: "s2" });
});

test("each row says the provider, the remaining life and the state", async () => {
  show(account());
  const row = within(screen.getByRole("option"));
  expect(row.getByText("AntiRaid")).toBeTruthy();
  expect(row.getByText("Fresh")).toBeTruthy();
  expect(row.getByTestId("countdown").textContent?.trim()).toBe("32m");
  await vi.advanceTimersByTimeAsync(2000);
  expect(row.getByTestId("countdown").textContent?.trim()).toBe("31m");
});

test("without accounts Enter connects one", async () => {
  show();
  expect(screen.getByTestId("palette-blank").textContent).toContain("No accounts yet");
  await user.keyboard("{Enter}");
  expect(openWindow).toHaveBeenCalledExactlyOnceWith({ page: "connect" });
});

test("a locked vault is told, and Enter opens the window", async () => {
  const vault = { state: "locked", message: "Unlock your keyring." } as const;
  palette.take({ event: "snapshot", snapshot: snapshot([], { vault }) });
  render(PalettePage);
  expect(screen.getByTestId("palette-blank").textContent).toContain("Unlock your keyring.");
  await user.keyboard("{Enter}");
  expect(openWindow).toHaveBeenCalledExactlyOnceWith({ page: "sessions" });
});

test("without an agent nothing is asked, and it goes on by itself", async () => {
  show(...three());
  palette.take({ event: "lost" });
  await settle();
  expect(screen.getByTestId("palette-lost")).toBeTruthy();
  await user.keyboard("{Enter}");
  expect(copy).not.toHaveBeenCalled();
  palette.take({ event: "offline", error: { code: "offline", message: "No agent is running." } });
  await settle();
  expect(screen.getByTestId("palette-blank").textContent).toContain("No agent is running.");
  palette.take({ event: "snapshot", snapshot: snapshot(three()) });
  await settle();
  expect(screen.getAllByRole("option")).toHaveLength(3);
});

test("it speaks German and is dark where that is chosen", async () => {
  const settings = { ...SETTINGS, appearance: { theme: "dark", language: "de" } } as const;
  const view = { ...snapshot([]).settings, settings };
  palette.take({ event: "snapshot", snapshot: snapshot(three(), { settings: view }) });
  render(PalettePage);
  await settle();
  expect(field().getAttribute("aria-label")).toBe("Token kopieren von");
  expect(document.documentElement.dataset.theme).toBe("dark");
  locale.choose("system");
});

test("how many there are is said as one types", async () => {
  show(...three());
  await user.keyboard("wor");
  expect(screen.getByText("One match").getAttribute("role")).toBe("status");
  await user.keyboard("xyz");
  expect(screen.getByTestId("palette-blank").textContent).toContain("Nothing matches “worxyz”");
});

test.each([
  ["many accounts", () => show(...three())],
  ["what needs its user", () => show(account({ ...NEEDY, problem: PROBLEM }))],
  ["nothing", () => show()],
  ["no agent yet", () => void render(PalettePage)],
  ["no agent", () => (render(PalettePage), palette.take({ event: "offline", error: { code: "offline", message: "No agent is running." } }))],
  ["an agent that is lost", () => (show(...three()), palette.take({ event: "lost" }))],
  ["no match", () => (show(...three()), palette.type("xyz"))],
  ["a failure", () => (show(...three()), copy.mockRejectedValue({ code: "offline", message: "It failed." }), void palette.choose())],
])("axe finds nothing in %s", async (_, prepare) => {
  prepare();
  await settle();
  expect(await violations()).toEqual([]);
});

test("its script has the messages of every room whose words it says", () => {
  const sources = import.meta.glob<string>(["./*.svelte", "./*.ts", "../model/{words,time}.ts", "../kit/{Countdown,Prose,Shape}.svelte", "!./*.test.ts"], {
    query: "?raw",
    import: "default",
    eager: true,
  });
  const said = Object.values(sources).flatMap((source) => [...source.matchAll(/\bt\(\s*["`]([a-z]+)-/g)].map((found) => found[1]));
  expect(said.length).toBeGreaterThan(20);
  expect([...new Set(said)].filter((room) => !ROOMS.includes(room ?? ""))).toEqual([]);
  expect(texts("en").some((text) => text.includes("palette-title"))).toBe(true);
});
