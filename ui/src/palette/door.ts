// What the palette may ask of Rust (`src-tauri/capabilities/palette.json`), and what it hears.
import * as ipc from "../ipc";
import type { Place } from "../types/Place";

/** What the palette hears: the agent's updates, and when its window comes and goes. */
export type Heard = ipc.Update | { event: "shown" } | { event: "hidden" };

/** Follows the agent from now on; that the page is drawn is said by it. */
export function subscribe(onHeard: (heard: Heard) => void, knows: number | null): Promise<Place> {
  return ipc.subscribe(onHeard as (update: ipc.Update) => void, knows);
}

export const { close, copy } = ipc;

/** Opens the window, for what cannot be done here. */
export const openWindow = (place: Place): Promise<void> => ipc.call("open_window", { place });
