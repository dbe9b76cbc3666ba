// The reckoning of the timeline, as values: what is seen of time, the axis, the rows of sessions, and what is drawn and pointed at.
import { afterEach, describe, expect, test, vi } from "vitest";
import { account, at, NOW, session } from "../testing/made";
import { axis } from "./axis";
import { barAt, box, eventsAt, marks, named, shapes } from "./draw";
import { inOrder, kindOf, lanes, NAME, pack, PAD, ROW, ROWS, seen, STRIP } from "./lanes";
import { around, DAY, following, HOUR, LONGEST, MINUTE, panned, place, SHORTEST, showing, within, zoomed, type View } from "./view";

const none: ReadonlySet<string> = new Set();

describe("the view", () => {
  const day: View = { from: NOW, span: DAY };

  test("an instant has its place, and what has no end has none", () => {
    expect(place(day, 480, NOW + 6 * HOUR)).toBe(120);
    expect(place(day, 480, Infinity)).toBe(Infinity);
    expect(place(day, 480, -Infinity)).toBe(-Infinity);
  });

  test("zooming keeps what is pointed at where it is, from an hour to a month", () => {
    const near = zoomed(day, 4, 0.25);
    expect(near).toEqual({ from: NOW + 4.5 * HOUR, span: 6 * HOUR });
    expect(place(near, 400, NOW + 6 * HOUR)).toBe(100);
    expect(zoomed(near, 0.25, 0.25)).toEqual(day);
    expect(zoomed(day, 1e9, 0.5).span).toBe(SHORTEST);
    expect(zoomed(day, 1e-9, 0.5).span).toBe(LONGEST);
    expect(zoomed({ from: NOW, span: SHORTEST }, 2, 0.9)).toEqual({ from: NOW, span: SHORTEST });
  });

  test("one cannot wander to where nothing can be", () => {
    expect(panned(day, -0.5).from).toBe(NOW - 12 * HOUR);
    expect(within(panned(day, -1000), NOW).from).toBe(NOW - 90 * DAY);
    expect(within(panned(day, 1000), NOW).from).toBe(NOW + 365 * DAY);
    expect(within(day, NOW)).toBe(day);
  });

  test("it goes after now only when that is about to leave it", () => {
    const view = around(NOW, HOUR);
    expect(place(view, 100, NOW)).toBeCloseTo(30);
    expect(following(view, NOW + 30 * MINUTE)).toBe(view);
    expect(following(view, NOW + 35 * MINUTE)).toEqual(around(NOW + 35 * MINUTE, HOUR));
    expect(following(view, NOW - DAY)).toEqual(around(NOW - DAY, HOUR));
  });

  test("what is to be seen comes into it", () => {
    expect(showing(day, NOW + HOUR)).toBe(day);
    expect(place(showing(day, NOW - DAY), 100, NOW - DAY)).toBeCloseTo(10);
    expect(place(showing(day, NOW + 9 * DAY), 100, NOW + 9 * DAY)).toBeCloseTo(90);
  });
});

describe("the axis", () => {
  afterEach(() => vi.unstubAllEnvs());
  const labels = (view: View, width: number, tag = "en-GB") => axis(view, width, tag).ticks.map((tick) => tick.label);

  test("its ticks are as many as there is room for, at even times", () => {
    expect(labels({ from: NOW - 20 * MINUTE, span: HOUR }, 500)).toEqual(["13:40", "13:50", "14:00", "14:10", "14:20", "14:30", "14:40"]);
    expect(labels({ from: NOW - 8 * HOUR, span: DAY }, 640)).toEqual(["06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "00:00", "03:00", "06:00"]);
    expect(labels({ from: NOW, span: 7 * DAY }, 800)).toEqual(["21 Nov", "22 Nov", "23 Nov", "24 Nov", "25 Nov", "26 Nov", "27 Nov"]);
    // By weeks, which begin on a Monday.
    expect(labels({ from: NOW, span: 31 * DAY }, 500)).toEqual(["23 Nov", "30 Nov", "7 Dec", "14 Dec", "21 Dec"]);
    for (const span of [HOUR, 5 * HOUR, DAY, 3 * DAY, 10 * DAY, LONGEST]) {
      for (const width of [200, 400, 1000, 3000]) {
        const ticks = axis({ from: NOW, span }, width, "en-GB").ticks;
        for (const [at, tick] of ticks.slice(1).entries()) {
          expect(((tick.at - (ticks[at]?.at ?? 0)) / span) * width).toBeGreaterThanOrEqual(Math.min(72, width / 3));
        }
      }
    }
  });

  test("the same instants are named however the view is moved", () => {
    const one = axis({ from: NOW, span: 31 * DAY }, 700, "en-GB").ticks;
    const other = axis({ from: NOW + 5 * HOUR, span: 31 * DAY }, 700, "en-GB").ticks;
    expect(other.slice(0, -1)).toEqual(one.filter((tick) => tick.at >= NOW + 5 * HOUR).slice(0, other.length - 1));
  });

  test("each day that begins is named, and months where days are the ticks", () => {
    const { ticks, periods } = axis({ from: NOW, span: DAY }, 800, "en-GB");
    expect(ticks.filter((tick) => tick.day).map((tick) => tick.at)).toEqual([NOW + 10 * HOUR]);
    expect(periods).toEqual([
      { from: NOW, to: NOW + 10 * HOUR, label: "Fri 20 Nov" },
      { from: NOW + 10 * HOUR, to: NOW + DAY, label: "Sat 21 Nov" },
    ].map((period) => ({ ...period, label: expect.stringMatching(period.label.replace(" ", ",? ")) as string })));
    expect(axis({ from: NOW, span: 31 * DAY }, 800, "de-DE").periods.map((period) => period.label)).toEqual(["November 2026", "Dezember 2026"]);
  });

  test("times are written as the locale does", () => {
    expect(labels({ from: NOW, span: 6 * HOUR }, 320, "en-US")[0]).toMatch(/02:00\sPM/);
    expect(labels({ from: NOW, span: 6 * HOUR }, 320, "de-DE")[0]).toBe("14:00");
  });

  test("days on which the clock is put on or back are told by the clock", () => {
    vi.stubEnv("TZ", "Europe/Berlin");
    // A locale that was not asked for yet: formats keep the zone that they were made in.
    const on = new Date(2026, 2, 29).getTime();
    const back = new Date(2026, 9, 25).getTime();
    expect(labels({ from: on, span: 12 * HOUR }, 900, "en-IE")).toEqual(["00:00", "01:00", "03:00", "04:00", "05:00", "06:00", "07:00", "08:00", "09:00", "10:00", "11:00", "12:00", "13:00"]);
    expect(labels({ from: back, span: 6 * HOUR }, 500, "en-IE")).toEqual(["00:00", "01:00", "02:00", "03:00", "04:00", "05:00"]);
    expect(labels({ from: back, span: 3 * DAY }, 250, "en-IE")).toEqual(["25 Oct", "26 Oct", "27 Oct"]);
  });
});

describe("the lanes", () => {
  test("we stand to each session in one of five ways", () => {
    const kind = (over: Parameters<typeof session>[0]) => kindOf(session(over), NOW);
    expect(kind({ current: true, state: "urgent" })).toBe("current");
    expect(kind({})).toBe("held");
    expect(kind({ state: "foreign", held: false })).toBe("foreign");
    expect(kind({ state: "orphan", held: false })).toBe("orphan");
    expect(kind({ state: "expired", current: true })).toBe("expired");
    expect(kind({ state: "foreign", expires_at: at(0) })).toBe("expired");
    expect(kind({ expires_at: null })).toBe("held");
  });

  test("sessions that overlap get rows of their own, others share one", () => {
    const sessions = [
      session({ id: "a", created_at: at(0), expires_at: at(100) }),
      session({ id: "b", created_at: at(50), expires_at: at(150) }),
      session({ id: "c", created_at: at(100), expires_at: at(200) }),
      session({ id: "d", created_at: at(20), expires_at: at(60), current: true }),
    ];
    const { bars, rows } = pack(sessions, 10, NOW - 1);
    expect(bars.map((bar) => [bar.session.id, bar.row])).toEqual([["d", 0], ["c", 0], ["a", 1], ["b", 2]]);
    expect(rows).toBe(3);
  });

  test("no bar of a row covers another, whatever there is", () => {
    let random = 7;
    const next = (most: number) => (random = (random * 48271) % 2147483647) % most;
    const sessions = Array.from({ length: 400 }, (_, id) => {
      const begin = next(5000) - 2500;
      return session({ id: `${id}`, created_at: id % 40 === 0 ? null : at(begin), expires_at: id % 30 === 0 ? null : at(begin + next(900)) });
    });
    const { bars, rows } = pack(sessions, 1000, NOW);
    expect(bars).toHaveLength(400);
    for (let row = 0; row < rows; row++) {
      const inRow = bars.filter((bar) => bar.row === row);
      expect(inRow.length).toBeGreaterThan(0);
      for (const [at, bar] of inRow.slice(1).entries()) expect(inRow[at]?.to ?? Infinity).toBeLessThanOrEqual(bar.from);
    }
  });

  test("a lane has a bound; the current session is always in it, and the rest is counted", () => {
    const many = Array.from({ length: 17 }, (_, id) => session({ id: `f${id}`, state: "foreign", held: false }));
    const crowd = account({ name: "crowd", sessions: [...many, session({ id: "now", current: true })] });
    const [lane, below] = lanes([crowd, account()], none, NOW, 0);
    expect([lane?.rows, lane?.more, lane?.bars[0]?.session.id]).toEqual([ROWS, 18 - ROWS, "now"]);
    expect(below?.top).toBe(lane?.height);
    const [open] = lanes([crowd], new Set(["crowd"]), NOW, 0);
    expect([open?.rows, open?.more, open?.unfolded]).toEqual([18, 0, true]);
  });

  test("ten thousand sessions of one account are packed at once", () => {
    const sessions = Array.from({ length: 10_000 }, (_, id) => session({ id: `${id}`, created_at: at(-id), expires_at: at(10_000) }));
    const before = performance.now();
    expect(pack(sessions, 40, NOW).bars).toHaveLength(40);
    expect(performance.now() - before).toBeLessThan(1000);
  });

  test("only what is seen of many lanes is drawn", () => {
    const all = lanes(Array.from({ length: 100 }, (_, id) => account({ name: `a${id}` })), none, NOW, 0);
    const height = 2 * PAD + ROW + STRIP;
    expect(all[99]?.top).toBe(99 * height);
    expect(seen(all, height * 10, height * 12).map((lane) => lane.account.name)).toEqual(["a10", "a11"]);
    expect(lanes([account()], none, NOW, NAME)[0]?.height).toBe(height + NAME);
    expect(inOrder(all).map(({ lane }) => lane.account.name).slice(0, 3)).toEqual(["a0", "a1", "a2"]);
  });
});

describe("the drawing", () => {
  const view: View = { from: NOW, span: 1000_000 };
  const only = (over: Parameters<typeof session>[0]) => {
    const [lane] = lanes([account({ sessions: [session(over)] })], none, NOW, 0);
    if (lane === undefined) throw new Error("no lane");
    return lane;
  };
  const first = (lane: ReturnType<typeof only>) => {
    const [bar] = lane.bars;
    if (bar === undefined) throw new Error("no bar");
    return bar;
  };

  test("a bar goes from created to expiry", () => {
    const lane = only({ created_at: at(100), expires_at: at(600) });
    expect(box(first(lane), view, 1000, 0)).toEqual({ x: 100, y: PAD + 4, width: 499, height: 16 });
    expect(box(first(only({ created_at: at(100), expires_at: at(100) })), view, 1000, 0)?.width).toBe(3);
    expect(box(first(only({ created_at: at(1100), expires_at: at(1200) })), view, 1000, 0)).toBeNull();
    expect(box(first(only({ created_at: at(-300), expires_at: at(-1) })), view, 1000, 0)).toBeNull();
  });

  test("what has no expiry, or no known beginning, goes on beyond the edge and fades there", () => {
    const endless = only({ created_at: at(100), expires_at: null });
    expect(box(first(endless), view, 1000, 0)).toMatchObject({ x: 100, width: 919 });
    expect(shapes(endless, view, 1000, 0).map(({ kind, open }) => [kind, open])).toEqual([["held", "end"]]);
    expect(shapes(only({ created_at: null, expires_at: at(9) }), view, 1000, 0)[0]?.open).toBe("start");
    expect(shapes(only({ created_at: null, expires_at: null }), view, 1000, 0)[0]?.open).toBe("both");
    // Known, but not seen: no end of it is unknown.
    expect(shapes(only({ created_at: at(-9e6), expires_at: at(9e6) }), view, 1000, 0)[0]?.open).toBe("none");
  });

  test("all bars of a kind are one path, and a name is where there is room", () => {
    const sessions = Array.from({ length: 50 }, (_, id) => session({ id: `${id}`, created_at: at(id * 10), expires_at: at(id * 10 + 10) }));
    const [lane] = lanes([account({ sessions: [...sessions, session({ id: "long", created_at: at(500), expires_at: at(5000) })] })], none, NOW, 0);
    if (lane === undefined) throw new Error("no lane");
    const drawn = shapes(lane, view, 1000, 0);
    expect(drawn).toHaveLength(1);
    expect(drawn[0]?.d.match(/M/g)).toHaveLength(51);
    expect(named(lane, view, 1000, 0).map(({ bar, x, width }) => [bar.session.id, x, width])).toEqual([["long", 500, 500]]);
  });

  test("what is pointed at is found, a little beside it too", () => {
    const lane = only({ created_at: at(100), expires_at: at(110) });
    const y = PAD + 1;
    expect(barAt(lane, view, 1000, 0, 105, y)?.session.id).toBe("s1");
    expect(barAt(lane, view, 1000, 0, 90, y)?.session.id).toBe("s1");
    expect(barAt(lane, view, 1000, 0, 120, y)?.session.id).toBe("s1");
    expect(barAt(lane, view, 1000, 0, 87, y)).toBeNull();
    expect(barAt(lane, view, 1000, 0, 105, PAD + ROW + 1)).toBeNull();
    expect(barAt(lane, view, 1000, NAME, 105, NAME + y)?.session.id).toBe("s1");
  });

  test("marks that would cover one another are one, and all are told of", () => {
    const lane = only({});
    const events = [10, 10.4, 50].map((second) => ({ at: NOW + second * 1000, tone: "good" as const }));
    const failed = { at: NOW + 52_000, tone: "warn" as const };
    const drawn = marks([...events, failed, { at: NOW - 9000, tone: "bad" }], lane, view, 1000);
    expect([drawn.good, drawn.warn, drawn.bad].map((d) => d.match(/M/g)?.length ?? 0)).toEqual([2, 1, 0]);
    const strip = lane.height - PAD - 2;
    expect(eventsAt([...events, failed], lane, view, 1000, 12, strip)).toEqual([events[1], events[0]]);
    expect(eventsAt([...events, failed], lane, view, 1000, 51, strip)).toEqual([failed, events[2]]);
    expect(eventsAt(events, lane, view, 1000, 12, PAD + 2)).toEqual([]);
  });
});
