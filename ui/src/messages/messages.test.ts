// The message files: every language has the same messages with the same variables, and the page asks for none that is not there.
import { FluentResource } from "@fluent/bundle";
import { expect, test } from "vitest";
import { LANGUAGES, locale, sentence, t, texts, type Spoken } from "./index.svelte";

const SOURCES = import.meta.glob<string>(["../**/*.svelte", "../**/*.ts", "!../**/*.test.ts", "!../types/**"], {
  query: "?raw",
  import: "default",
  eager: true,
});

/** Each message of a language with the names of its variables. */
function messages(language: Spoken): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const text of texts(language)) {
    for (const entry of new FluentResource(text).body) {
      expect(found.has(entry.id), `${entry.id} stands in the ${language} files twice`).toBe(false);
      const names = JSON.stringify(entry.value).matchAll(/"type":"var","name":"(\w+)"/g);
      found.set(entry.id, [...new Set([...names].map((name) => name[1] ?? ""))].sort());
    }
  }
  return found;
}

test("every line of a message file is understood", () => {
  for (const language of LANGUAGES) {
    for (const text of texts(language)) {
      const written = text.match(/^[a-z][\w-]*(?= *=)/gm) ?? [];
      expect(new FluentResource(text).body.map((entry) => entry.id)).toEqual(written);
    }
  }
});

test("every language has the same messages with the same variables", () => {
  const english = Object.fromEntries(messages("en"));
  for (const language of LANGUAGES) expect(Object.fromEntries(messages(language))).toEqual(english);
});

test("the page asks for no message that is not there", () => {
  const known = messages("en");
  for (const [path, source] of Object.entries(SOURCES)) {
    for (const [, id] of source.matchAll(/\bt\(\s*"([\w-]+)"/g)) expect(known.has(id ?? ""), `${path}: ${id}`).toBe(true);
  }
});

test("the desktop's language is spoken unless one is chosen", () => {
  locale.choose("de");
  expect(t("app-name-of-nothing")).toBe("app-name-of-nothing");
  expect(document.documentElement.lang).toBe("de");
  expect(t("app-loading")).toBe("Der Agent wird gesucht …");
  expect(sentence({ id: "error-unknown-account", args: { account: "work" } }, "There is no account named work.")).toBe(
    "Es gibt kein Konto namens work.",
  );
  expect(sentence({ id: "error-that-is-not-there", args: {} }, "It is away.")).toBe("It is away.");
  locale.choose("system");
  expect(t("app-loading")).toBe("Looking for the agent…");
});
