// How large the page is drawn: a level of a few, for as long as the window is open.
import * as ipc from "../ipc";

/** The levels, as in browsers; 1 is the usual size. WCAG 2.2, 1.4.4 asks for 2. */
export const LEVELS = [0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3] as const;

/** The level that is `by` steps from `level`, as far as there is one; the usual one where `by` is 0. */
export function level(from: number, by: number): number {
  if (by === 0) return 1;
  const at = LEVELS.findIndex((level) => level >= from);
  return LEVELS[Math.min(LEVELS.length - 1, Math.max(0, at + by))] ?? 1;
}

class Zoom {
  #level = 1;

  /** Larger or smaller by so many steps; 0 is back to the usual size. */
  by(steps: number): void {
    this.#level = level(this.#level, steps);
    void ipc.zoom(this.#level);
  }
}

export const zoom = new Zoom();
