// The table of keys: each is in words in every language, is asked for by one part of a page only once, and is found when pressed.
import { expect, test } from "vitest";
import { locale, t } from "../messages/index.svelte";
import { GROUPS, KEYS, parts, pressed } from "./keys";

function press(key: string, over: KeyboardEventInit = {}, target: HTMLElement = document.body): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, ...over });
  target.dispatchEvent(event);
  return event;
}

test("every group and key has its words in every language", () => {
  for (const language of ["en", "de"] as const) {
    locale.choose(language);
    for (const group of GROUPS) {
      for (const id of [`keys-group-${group}`, ...Object.keys(KEYS[group])]) expect(t(id), `${language}: ${id}`).not.toBe(id);
    }
  }
  locale.choose("system");
});

test("no key does two things in one group", () => {
  for (const group of GROUPS) {
    const keys = Object.values<readonly string[]>(KEYS[group]).flat();
    expect(keys, group).toEqual([...new Set(keys)]);
  }
});

test("a key is found with exactly what is held with it", () => {
  expect(pressed("window", press("n", { ctrlKey: true }))).toBe("keys-new-session");
  expect(pressed("window", press("N", { metaKey: true }))).toBe("keys-new-session");
  expect(pressed("window", press("n"))).toBeNull();
  expect(pressed("window", press("n", { ctrlKey: true, altKey: true }))).toBeNull();
  expect(pressed("window", press("n", { ctrlKey: true, shiftKey: true }))).toBeNull();
  // Whether a question mark needs Shift depends on the keyboard.
  expect(pressed("window", press("?", { shiftKey: true }))).toBe("keys-shortcuts");
  expect(pressed("window", press("?"))).toBe("keys-shortcuts");
  expect(pressed("timeline", press("+"))).toBe("keys-timeline-in");
  expect(parts("+")).toEqual(["+"]);
  expect(parts("Mod+n")).toEqual(["Mod", "n"]);
  expect(parts("Mod++")).toEqual(["Mod", "+"]);
  expect(pressed("window", press("+", { ctrlKey: true, shiftKey: true }))).toBe("keys-larger");
  expect(pressed("window", press("-", { ctrlKey: true }))).toBe("keys-smaller");
  expect(pressed("timeline", press("-", { ctrlKey: true }))).toBeNull();
});

test("what is typed into a field is no shortcut, what is held with Ctrl and a function key are", () => {
  const field = document.createElement("input");
  document.body.append(field);
  expect(pressed("window", press("?", {}, field))).toBeNull();
  expect(pressed("timeline", press("ArrowLeft", {}, field))).toBeNull();
  expect(pressed("window", press("n", { ctrlKey: true }, field))).toBe("keys-new-session");
  expect(pressed("window", press("F5", {}, field))).toBe("keys-refresh");
  field.type = "checkbox";
  expect(pressed("window", press("?", {}, field))).toBe("keys-shortcuts");
  field.remove();
});
