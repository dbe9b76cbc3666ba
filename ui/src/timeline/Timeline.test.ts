// The timeline as a user meets it: what is drawn, told and opened, by pointer, keys and table, and how it goes on by itself.
import { cleanup, fireEvent, render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { tick } from "svelte";
import { afterEach, beforeEach, expect, test, vi, type MockInstance } from "vitest";
import * as ipc from "../ipc";
import { locale } from "../messages/index.svelte";
import { app } from "../model/app.svelte";
import { clock } from "../model/clock.svelte";
import { START } from "../model/state";
import { account, at, entry, NOW, session, snapshot } from "../testing/made";
import type { AccountView } from "../types/AccountView";
import type { LogEntry } from "../types/LogEntry";
import TimelinePage from "./TimelinePage.svelte";

const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
let written: LogEntry[];
let log: MockInstance<typeof ipc.log>;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout"] });
  vi.spyOn(ipc, "sessions").mockResolvedValue();
  written = [];
  log = vi.spyOn(ipc, "log").mockImplementation(() => Promise.resolve({ entries: written, more: false }));
  app.desk = START;
  app.dialog = null;
  app.toasts = [];
  app.select(null);
});

afterEach(() => {
  cleanup();
  document.querySelector("main")?.remove();
  vi.useRealTimers();
});

/** What a pointer does; jsdom knows no events of pointers, and takes those of the mouse for them. */
function point(on: Element, type: string, clientX: number, clientY: number): Promise<boolean> {
  return fireEvent(on, new MouseEvent(type, { bubbles: true, button: 0, clientX, clientY }));
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  await tick();
  await tick();
}

/** The timeline of these accounts. */
async function show(...accounts: AccountView[]): Promise<void> {
  app.take({ event: "snapshot", snapshot: snapshot(accounts) });
  app.timeline();
  // In the window it stands in the main part.
  render(TimelinePage, { target: document.body.appendChild(document.createElement("main")) });
  await settle();
}

/** One session of each kind. */
const ALL = account({
  next_refresh_at: at(600),
  sessions: [
    session({ id: "c", name: "mine", current: true, created_at: at(-600), expires_at: at(1800) }),
    session({ id: "h", name: "ci", created_at: at(-3600), expires_at: null }),
    session({ id: "o", name: "lost", state: "orphan", held: false, created_at: at(-7000), expires_at: at(-3000 + 9000) }),
    session({ id: "f", name: "phone", state: "foreign", held: false, created_at: null, expires_at: at(7200) }),
    session({ id: "e", name: "old", state: "expired", held: false, created_at: at(-7200), expires_at: at(-4000) }),
  ],
});

const kinds = (): (string | undefined)[] =>
  [...screen.getByTestId("lane-work").querySelectorAll<SVGPathElement>("path[data-kind]")].map((path) => path.dataset.kind);
const cursor = () => screen.getByTestId("timeline-cursor");
const span = (id: string) => screen.getByTestId(`span-${id}`);
const from = () => log.mock.calls.at(-1)?.[0].since;

/** To be asked last in a test: axe waits by timers of its own. */
async function violations(): Promise<string[]> {
  vi.useRealTimers();
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join("\n")}`);
}

test("each session is drawn by its kind, and the legend says in words what that means", async () => {
  await show(ALL);
  expect(kinds().sort()).toEqual(["current", "expired", "foreign", "held", "orphan"]);
  const legend = screen.getByTestId("legend").textContent;
  for (const word of ["Current", "Held", "Orphan", "Foreign", "Expired", "Next refresh", "Attempt failed"]) expect(legend).toContain(word);
  expect(screen.getByTestId("next")).toBeTruthy();
  expect(await violations()).toEqual([]);
});

test("refreshes and failures are ticks; one that happens is added to them", async () => {
  written = [entry({ at: at(-60), event: "failed", reason: "It cannot be reached." }), entry({ at: at(-900) }), entry({ at: at(-1800) })];
  await show(ALL);
  const count = (tone: string) => screen.queryByTestId(`marks-${tone}`)?.getAttribute("d")?.match(/M/g)?.length ?? 0;
  expect([count("good"), count("warn"), count("bad")]).toEqual([2, 1, 0]);
  app.take({ event: "logged", entry: entry({ at: at(0), event: "refused" }) });
  app.take({ event: "logged", entry: entry({ at: at(0) }) });
  await settle();
  expect([count("good"), count("warn"), count("bad")]).toEqual([3, 1, 1]);
});

test("the clock moves the line of now, and draws no bar anew", async () => {
  await show(ALL);
  const place = () => screen.getByTestId("now").style.insetInlineStart;
  const bar = screen.getByTestId("lane-work").querySelector("path[data-kind=held]");
  const [before, drawn] = [place(), vi.fn()];
  new MutationObserver(drawn).observe(bar as Element, { attributes: true });
  const stop = clock.start();
  await vi.advanceTimersByTimeAsync(20_000);
  await settle();
  stop();
  expect(place()).not.toBe(before);
  expect(drawn).not.toHaveBeenCalled();
});

test("one looks nearer and farther, on and back, and always back to now", async () => {
  await show(ALL);
  expect(span("hours").getAttribute("aria-pressed")).toBe("true");
  await user.click(span("hour"));
  expect(span("hour").getAttribute("aria-pressed")).toBe("true");
  await user.click(screen.getByTestId("zoom-in"));
  expect(span("hour").getAttribute("aria-pressed")).toBe("true");
  cursor().focus();
  await user.keyboard("-");
  expect(span("hour").getAttribute("aria-pressed")).toBe("false");
  await user.click(span("month"));
  await user.keyboard("{Tab}");
  cursor().focus();
  for (let turn = 0; turn < 12; turn++) await user.keyboard("{ArrowLeft}");
  expect(screen.queryByTestId("now")).toBeNull();
  await user.keyboard("n");
  expect(screen.getByTestId("now")).toBeTruthy();
  await user.keyboard("{ArrowRight}{ArrowRight}{ArrowRight}");
  expect(screen.queryByTestId("now")).toBeNull();
  await user.click(screen.getByTestId("to-now"));
  expect(screen.getByTestId("now")).toBeTruthy();
});

test("the history is read as far back as one looks, and no farther", async () => {
  await show(ALL);
  const first = from();
  expect(log).toHaveBeenCalledTimes(1);
  await user.click(span("hour"));
  await settle();
  expect(log).toHaveBeenCalledTimes(1);
  await user.click(span("week"));
  await settle();
  expect(log).toHaveBeenCalledTimes(2);
  expect(Date.parse(from() ?? "")).toBeLessThan(Date.parse(first ?? ""));
});

test("Ctrl and the wheel zoom around the pointer, the wheel alone moves time", async () => {
  await show(ALL);
  const chart = screen.getByTestId("timeline-chart");
  const now = () => Number.parseFloat(screen.getByTestId("now").style.insetInlineStart);
  const before = now();
  // jsdom lays nothing out, so the page's left edge is that of the drawing, and "now" is at its own place.
  await fireEvent.wheel(chart, { deltaY: -120, ctrlKey: true, clientX: before });
  expect(now()).toBeCloseTo(before, 0);
  expect(span("hours").getAttribute("aria-pressed")).toBe("false");
  await fireEvent.wheel(chart, { deltaY: 50 });
  expect(now()).toBeCloseTo(before - 50, 0);
});

test("by keys one goes through all sessions, hears what each is, and opens it", async () => {
  const films = account({ name: "films", sessions: [session({ id: "x", account: "films", current: true })] });
  await show(ALL, films);
  cursor().focus();
  expect(cursor().getAttribute("aria-label")).toMatch(/^mine, account work: Current\. Created: .*13:50.* Expires: .*14:30/);
  const heard: string[] = [];
  const go = async (key: string) => {
    await user.keyboard(key);
    await settle();
    expect(document.activeElement).toBe(cursor());
    heard.push((cursor().getAttribute("aria-label") ?? "").replace(/\..*/, ""));
  };
  // Row by row, and in each in the order of time.
  await go("{ArrowUp}");
  for (let turn = 0; turn < 5; turn++) await go("{ArrowDown}");
  expect(heard).toEqual([
    "old, account work: Expired", "mine, account work: Current", "ci, account work: Held", "lost, account work: Orphan",
    "phone, account work: Foreign", "ci, account films: Current",
  ]);
  await user.keyboard("{PageUp}");
  await settle();
  expect(cursor().getAttribute("aria-label")).toContain("mine");
  const shown = vi.spyOn(app, "show").mockImplementation(() => undefined);
  await user.keyboard("{Enter}");
  expect(shown).toHaveBeenCalledExactlyOnceWith({ page: "sessions", account: "work", session: "c" });
});

test("what is pointed at tells its facts, Esc takes them away, and a click opens it", async () => {
  await show(ALL);
  const space = screen.getByTestId("timeline-chart").firstElementChild as HTMLElement;
  const now = Number.parseFloat(screen.getByTestId("now").style.insetInlineStart);
  const [x, y] = [now + 5, 44 + 6 + 12];
  await point(space, "pointermove", x, y);
  const tip = screen.getByTestId("timeline-tip").textContent ?? "";
  for (const fact of ["mine · Current", "Created", "Expires", "Time left", "Next refresh", "work"]) expect(tip).toContain(fact);
  await fireEvent.keyDown(screen.getByTestId("timeline-chart"), { key: "Escape" });
  expect(screen.queryByTestId("timeline-tip")).toBeNull();
  const shown = vi.spyOn(app, "show").mockImplementation(() => undefined);
  await point(space, "pointerdown", x, y);
  await point(space, "pointerup", x, y);
  expect(shown).toHaveBeenCalledExactlyOnceWith({ page: "sessions", account: "work", session: "c" });
});

test("dragging moves time and opens nothing", async () => {
  await show(ALL);
  const space = screen.getByTestId("timeline-chart").firstElementChild as HTMLElement;
  space.setPointerCapture = () => undefined;
  const now = () => Number.parseFloat(screen.getByTestId("now").style.insetInlineStart);
  const [before, shown] = [now(), vi.spyOn(app, "show").mockImplementation(() => undefined)];
  await point(space, "pointerdown", before + 5, 62);
  await point(space, "pointermove", before + 65, 62);
  await point(space, "pointerup", before + 65, 62);
  expect(now()).toBeCloseTo(before + 60, 0);
  expect(shown).not.toHaveBeenCalled();
});

test("sessions beyond the bound are counted, and shown on request", async () => {
  const sessions = Array.from({ length: 17 }, (_, id) => session({ id: `f${id}`, state: "foreign", held: false }));
  await show(account({ sessions }));
  const more = screen.getByTestId("more-work");
  expect(more.textContent?.trim()).toBe("+12 more");
  expect(more.getAttribute("aria-label")).toBe("work: show 12 more sessions");
  const height = () => Number.parseFloat(screen.getByTestId("lane-work").style.blockSize);
  const before = height();
  await user.click(more);
  expect(height()).toBe(before + 12 * 24);
  expect(screen.getByTestId("more-work").textContent?.trim()).toBe("Show fewer");
  await user.click(screen.getByTestId("more-work"));
  expect(height()).toBe(before);
});

test("of many accounts only those that are seen are drawn", async () => {
  await show(...Array.from({ length: 100 }, (_, id) => account({ name: `a${id}` })));
  expect(document.querySelectorAll("[data-testid^=lane-]").length).toBeLessThan(20);
  const chart = screen.getByTestId("timeline-chart");
  chart.scrollTop = 2500;
  await fireEvent.scroll(chart);
  expect(screen.queryByTestId("lane-a0")).toBeNull();
  expect(screen.getByTestId("lane-a50")).toBeTruthy();
});

test("the table has the same facts: unseen for whoever listens, seen on request", async () => {
  written = [entry({ at: at(-60), event: "failed", reason: "It cannot be reached." }), entry({ at: at(-900) }), entry({ at: at(-1800) })];
  await show(ALL);
  const table = () => screen.getByTestId("timeline-sessions");
  expect(screen.getByTestId("timeline-tables").classList).toContain("sr");
  expect(table().querySelectorAll("tbody tr")).toHaveLength(5);
  await user.click(screen.getByTestId("as-table"));
  expect(screen.queryByTestId("timeline-chart")).toBeNull();
  expect(screen.getByTestId("timeline-tables").classList).not.toContain("sr");
  const row = within(table()).getByRole("rowheader", { name: "mine" }).closest("tr");
  const cells = (line: Element | null | undefined) => [...(line?.querySelectorAll("td") ?? [])].map((cell) => cell.textContent);
  expect(cells(row)).toEqual(["work", "Current", "api", "13:50", "14:30", "30m", "14:10", "2, last 13:45", "1, last 13:59"]);
  // Of what is today's it says the time, which needs one line in ten columns; the whole of it is a tooltip.
  expect(within(row as HTMLElement).getByTitle("20 Nov 2026, 13:50:00").textContent).toBe("13:50");
  const events = [...screen.getByTestId("timeline-events").querySelectorAll("tbody tr")].map((line) => line.textContent);
  expect(events).toHaveLength(3);
  expect(events[0]).toContain("Attempt failed");
  expect(events[0]).toContain("It cannot be reached.");
  await user.click(screen.getByTestId("as-table"));
  expect(screen.getByTestId("timeline-chart")).toBeTruthy();
  await user.click(screen.getByTestId("as-table"));
  expect(await violations()).toEqual([]);
});

test("a history that cannot be read is told, what is known is drawn, and it is tried again", async () => {
  log.mockRejectedValueOnce({ code: "internal", message: "The vault cannot be read." });
  await show(ALL);
  expect(screen.getByTestId("timeline-error").textContent).toContain("The vault cannot be read.");
  expect(kinds()).toHaveLength(5);
  written = [entry({ at: at(-60) })];
  await user.click(screen.getByTestId("timeline-retry"));
  await settle();
  expect(screen.queryByTestId("timeline-error")).toBeNull();
  expect(screen.getByTestId("marks-good")).toBeTruthy();
});

test("axe finds nothing in a history that cannot be read", async () => {
  log.mockRejectedValueOnce({ code: "internal", message: "The vault cannot be read." });
  await show(ALL);
  expect(await violations()).toEqual([]);
});

test("after the agent was away the history is read again", async () => {
  await show(ALL);
  expect(log).toHaveBeenCalledTimes(1);
  app.take({ event: "lost" });
  app.take({ event: "snapshot", snapshot: snapshot([ALL]) });
  await settle();
  expect(log).toHaveBeenCalledTimes(2);
});

test("it is said in German too", async () => {
  await show(ALL);
  locale.choose("de");
  await settle();
  expect(screen.getByTestId("legend").textContent).toContain("Verwaist");
  expect(cursor().getAttribute("aria-label")).toContain("Konto work: Aktuell");
  locale.choose("system");
});
