// What the page knows of the agent, and how an update changes it. Pure: no clock, no page.
import type { Update } from "../ipc";
import type { ApiError } from "../types/ApiError";
import type { Snapshot } from "../types/Snapshot";
import { changed } from "./change";

/** How the page stands to the agent. Each state carries what can be shown in it, and nothing else. */
export type Desk =
  /** Nothing is known yet. */
  | { link: "connecting" }
  /** The snapshot is as the agent sees it now. */
  | { link: "online"; snapshot: Snapshot }
  /** The agent has just gone; what it said last is shown, and nothing can be asked. */
  | { link: "lost"; snapshot: Snapshot }
  /** There is no agent. What it once said may be wrong by now, so it is not kept. */
  | { link: "offline"; error: ApiError };

export const START: Desk = { link: "connecting" };

/** The desk after `update`; a focus is about the page alone, an entry about the history, and both change nothing here. */
export function reduce(desk: Desk, update: Update): Desk {
  switch (update.event) {
    case "snapshot":
      // The same once more, as when the page begins to listen: nothing is to be drawn anew.
      if (desk.link === "online" && desk.snapshot.revision === update.snapshot.revision) return desk;
      return { link: "online", snapshot: update.snapshot };
    case "changed": {
      // It follows upon what came before it: without that it says nothing.
      const last = snapshotOf(desk);
      return last === null ? desk : { link: "online", snapshot: changed(last, update.change) };
    }
    case "lost":
      return desk.link === "online" ? { link: "lost", snapshot: desk.snapshot } : desk;
    case "offline":
      return { link: "offline", error: update.error };
    case "focus":
    case "logged":
      return desk;
  }
}

/** The snapshot, where there is one to show. */
export function snapshotOf(desk: Desk): Snapshot | null {
  return desk.link === "online" || desk.link === "lost" ? desk.snapshot : null;
}
