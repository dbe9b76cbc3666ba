// What is drawn in a lane, as the texts of SVG paths, and what lies under a point. Pure. One path for all bars of a kind keeps
// the page small however many there are.
import { PAD, ROW, STRIP, type Bar, type Kind, type Lane } from "./lanes";
import { place, type View } from "./view";

/** How much lower than its row a bar is, above and below. */
const GAP = 4;
/** What ends within this of its beginning is still seen. */
const LEAST = 3;
/** How far beside a bar one may point at it: together a target of 24 pixels. */
const NEAR = 12;
/** The same of a mark on the strip. */
const NEAR_MARK = 6;
/** A bar that is shorter has no room for its name. */
const NAMED = 48;
/** How far beyond the plot what goes on is drawn, so that its end is not seen. */
const BEYOND = 20;

/** Which ends of a bar are unknown, and so fade. */
export type Open = "none" | "start" | "end" | "both";

/** All bars of a kind with the same ends. */
export interface Shape {
  readonly kind: Kind;
  readonly open: Open;
  readonly d: string;
}

/** A bar's place in the plot, in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The name on a bar that has room for it. */
export interface Name extends Box {
  readonly bar: Bar;
}

/** Something that happened to an account. */
export interface Event {
  readonly at: number;
  readonly tone: "good" | "warn" | "bad";
}

/** Where `bar` is, `above` pixels below its lane's top; `null` where it is not in the view. */
export function box(bar: Bar, view: View, width: number, above: number): Box | null {
  const begin = Math.max(place(view, width, bar.from), -BEYOND);
  const end = Math.min(place(view, width, bar.to), width + BEYOND);
  if (begin > width || end < 0 || end < begin) return null;
  return { x: begin, y: above + PAD + bar.row * ROW + GAP, width: Math.max(LEAST, end - begin - 1), height: ROW - 2 * GAP };
}

/** The shapes of a lane's bars. */
export function shapes(lane: Lane, view: View, width: number, above: number): Shape[] {
  const found = new Map<string, { kind: Kind; open: Open; d: string }>();
  for (const bar of lane.bars) {
    const at = box(bar, view, width, above);
    if (at === null) continue;
    const open = openness(bar);
    const key = `${bar.kind} ${open}`;
    const shape = found.get(key);
    if (shape === undefined) found.set(key, { kind: bar.kind, open, d: outline(at) });
    else shape.d += outline(at);
  }
  return [...found.values()];
}

/** The names that there is room for, within what is seen of their bars. */
export function named(lane: Lane, view: View, width: number, above: number): Name[] {
  return lane.bars.flatMap((bar) => {
    const at = box(bar, view, width, above);
    if (at === null) return [];
    const [begin, end] = [Math.max(0, at.x), Math.min(width, at.x + at.width)];
    return end - begin < NAMED ? [] : [{ ...at, x: begin, width: end - begin, bar }];
  });
}

/** The marks of what happened, a path for each tone; those that would cover one another are one. */
export function marks(events: readonly Event[], lane: Lane, view: View, width: number): Record<Event["tone"], string> {
  const d = { good: "", warn: "", bad: "" };
  const last = { good: -Infinity, warn: -Infinity, bad: -Infinity };
  const y = lane.height - PAD;
  for (const { at, tone } of events) {
    const x = Math.round(place(view, width, at));
    if (x < 0 || x > width || x - last[tone] < 2) continue;
    last[tone] = x;
    if (tone === "good") d.good += `M${x - 1} ${y - 9}h2v9h-2Z`;
    else if (tone === "warn") d.warn += `M${x} ${y - 10}l5 10h-10Z`;
    else d.bad += `M${x} ${y - 11}l5.5 5.500-5.500 5.500-5.500-5.500Z`;
  }
  return d;
}

/** The bar under a point of the plot, or the nearest one beside it. */
export function barAt(lane: Lane, view: View, width: number, above: number, x: number, y: number): Bar | null {
  const row = Math.floor((y - above - PAD) / ROW);
  let found: Bar | null = null;
  let nearest = NEAR;
  for (const bar of lane.bars) {
    if (bar.row !== row) continue;
    const at = box(bar, view, width, above);
    if (at === null) continue;
    const away = Math.max(at.x - x, x - at.x - at.width, 0);
    if (away < nearest) [found, nearest] = [bar, away];
  }
  return found;
}

/** The events that are marked at a point of the strip, the latest first. */
export function eventsAt<E extends Event>(events: readonly E[], lane: Lane, view: View, width: number, x: number, y: number): E[] {
  if (y < lane.height - PAD - STRIP) return [];
  return events.filter(({ at }) => Math.abs(place(view, width, at) - x) <= NEAR_MARK).reverse();
}

function openness(bar: Bar): Open {
  if (bar.from === -Infinity) return bar.to === Infinity ? "both" : "start";
  return bar.to === Infinity ? "end" : "none";
}

/** A box with round corners where it is long enough for them. */
function outline({ x, y, width, height }: Box): string {
  const r = width >= 8 ? 3 : 0;
  const [w, h] = [round(width - 2 * r), height - 2 * r];
  if (r === 0) return `M${round(x)} ${y}h${w}v${h}h${-w}Z`;
  return `M${round(x + r)} ${y}h${w}a3 3 0 0 1 3 3v${h}a3 3 0 0 1-3 3h${-w}a3 3 0 0 1-3-3v${-h}a3 3 0 0 1 3-3Z`;
}

function round(x: number): number {
  return Math.round(x * 10) / 10;
}
