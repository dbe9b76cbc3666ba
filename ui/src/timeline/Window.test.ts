// The timeline and the list of keys in the whole window: how one comes there, and what is shown without accounts or agent.
import { cleanup, render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { tick } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as ipc from "../ipc";
import { app } from "../model/app.svelte";
import { START } from "../model/state";
import Root from "../Root.svelte";
import { account, NOW, snapshot } from "../testing/made";

const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
const ALL = account();

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout"] });
  vi.spyOn(ipc, "sessions").mockResolvedValue();
  vi.spyOn(ipc, "log").mockResolvedValue({ entries: [], more: false });
  app.desk = START;
  app.dialog = null;
  app.select(null);
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  await tick();
}

/** To be asked last in a test: axe waits by timers of its own. */
async function violations(): Promise<string[]> {
  vi.useRealTimers();
  const found = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join("\n")}`);
}

test("the window opens it by its key and leaves it without accounts", async () => {
  render(Root);
  app.take({ event: "snapshot", snapshot: snapshot([ALL]) });
  await settle();
  await user.keyboard("{Control>}t{/Control}");
  expect(app.view).toBe("timeline");
  await vi.waitFor(() => expect(screen.getByTestId("timeline-chart")).toBeTruthy());
  app.take({ event: "snapshot", snapshot: snapshot([]) });
  await settle();
  // What there is to do without accounts is to connect one.
  expect(screen.queryByTestId("timeline-chart")).toBeNull();
  app.take({ event: "offline", error: { code: "offline", message: "No agent is running." } });
  await settle();
  expect(screen.getByTestId("offline")).toBeTruthy();
});

test("the list of keys shows what the table of keys says, and closes", async () => {
  render(Root);
  app.take({ event: "snapshot", snapshot: snapshot([ALL]) });
  await settle();
  await user.keyboard("?");
  const list = screen.getByTestId("shortcuts").textContent ?? "";
  for (const text of ["New session", "Ctrl", "On the timeline", "Zoom in", "+", "←"]) expect(list).toContain(text);
  await user.click(screen.getByTestId("close-shortcuts"));
  expect(screen.queryByTestId("shortcuts")).toBeNull();
  await user.keyboard("?");
  expect(await violations()).toEqual([]);
});
