// The part of time that the timeline shows, and how it is moved: pure reckoning. Instants and spans are milliseconds, shares
// are of the plot's width from its beginning on.

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** How near and how far one can look. */
export const SHORTEST = HOUR;
export const LONGEST = 31 * DAY;
/** The history is kept for so long, so there is nothing to see before. */
const BACK = 90 * DAY;
const AHEAD = 366 * DAY;
/** Where "now" stands: there is more to see of what comes than of what was. */
const NOW_AT = 0.3;
/** Beyond this share "now" has wandered too far, and the view goes after it. */
const NOW_UP_TO = 0.85;

/** What is seen: from an instant on, for so long. */
export interface View {
  readonly from: number;
  readonly span: number;
}

/** The view of `span` in which `now` has its place. */
export function around(now: number, span: number): View {
  return { from: now - span * NOW_AT, span };
}

/** Where an instant is, in pixels of a plot that is `width` wide; infinity stays what it is. */
export function place(view: View, width: number, at: number): number {
  return ((at - view.from) / view.span) * width;
}

/** Nearer by `factor` (farther where that is below 1), with what is at `share` staying where it is. */
export function zoomed(view: View, factor: number, share: number): View {
  const span = Math.min(LONGEST, Math.max(SHORTEST, view.span / factor));
  return { from: view.from + (view.span - span) * share, span };
}

/** Moved on by a share of itself; back where that is below 0. */
export function panned(view: View, share: number): View {
  return { ...view, from: view.from + view.span * share };
}

/** The view, no farther back and ahead than there can be anything. */
export function within(view: View, now: number): View {
  const from = Math.min(Math.max(view.from, now - BACK), now + AHEAD - view.span);
  return from === view.from ? view : { ...view, from };
}

/** The view that goes after `now`; the same one as long as that need not be. */
export function following(view: View, now: number): View {
  const at = (now - view.from) / view.span;
  return at < 0 || at > NOW_UP_TO ? around(now, view.span) : view;
}

/** The view moved so that `at` is in it, a little away from its edge; the same one where it is already. */
export function showing(view: View, at: number): View {
  const share = (at - view.from) / view.span;
  if (share >= 0 && share <= 1) return view;
  return { ...view, from: at - view.span * (share < 0 ? 0.1 : 0.9) };
}
