// The message files: every language has the same messages with the same variables, and the page asks for none that is not there.
import { FluentResource } from "@fluent/bundle";
import { afterEach, expect, test } from "vitest";
import { LANGUAGES, locale, maybe, sentence, t, texts, type Spoken } from "./index.svelte";

const SOURCES = import.meta.glob<string>(["../**/*.svelte", "../**/*.ts", "!../**/*.test.ts", "!../types/**"], {
  query: "?raw",
  import: "default",
  eager: true,
});

/** The definitions of the providers, as they are written. */
const DEFINITIONS = Object.values(
  import.meta.glob<string>("../../../src-tauri/providers/definitions/*.toml", { query: "?raw", import: "default", eager: true }),
);

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

afterEach(() => locale.choose("system"));

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

test("what is said of a provider is what its definition says", () => {
  const told = texts("en").find((text) => text.includes("provider-antiraid-about")) ?? "";
  const said = [...told.matchAll(/^provider-[\w-]+ = (.+)$/gm)].map((match) => match[1]);
  const written = DEFINITIONS.flatMap((text) => [
    ...(text.match(/^about = .+$/gm) ?? []),
    ...(text.match(/^(?:label|help) = "(?!\/).+$/gm) ?? []),
    ...(text.match(/^revoke(?:_all)? = ".+\."$/gm) ?? []),
  ]);
  expect(said.sort()).toEqual(written.map((line) => line.replace(/^\w+ = "(.*)"$/, "$1")).sort());
});

test("a definition of the user's own is not taken for one of ours", () => {
  locale.choose("de");
  expect(maybe("provider-discovr-credential", "Refresh token")).toBe("Refresh-Token");
  expect(maybe("provider-discovr-credential", "Card number")).toBe("Card number");
  expect(maybe("provider-mine-credential", "Card number")).toBe("Card number");
  locale.choose("en");
  expect(maybe("provider-discovr-credential", "Refresh token")).toBe("Refresh token");
});

test("the desktop's language is spoken unless one is chosen", () => {
  locale.choose("de");
  expect(t("app-name-of-nothing")).toBe("app-name-of-nothing");
  expect(document.documentElement.lang).toBe("de");
  expect(t("app-loading")).toBe("Daypass startet …");
  locale.choose("system");
  expect(t("app-loading")).toBe("Daypass is starting…");
});

test("what the window tells of the desktop goes before what the web view knows", () => {
  const here = window as { daypassLocale?: { languages: string[]; time?: string } };
  here.daypassLocale = { languages: ["fr-FR", "de-AT", "en-US"], time: "de-CH" };
  locale.choose("system");
  expect([locale.language, locale.tag]).toEqual(["de", "de-CH"]);
  here.daypassLocale = { languages: ["fr-FR"], time: "not a tag" };
  locale.choose("de");
  expect(locale.tag).toBe("de-DE");
  locale.choose("system");
  expect([locale.language, locale.tag]).toEqual(["en", "en-GB"]);
  delete here.daypassLocale;
});

test("a sentence of the agent's is said in the language that is spoken, with the time to wait", () => {
  const known = { id: "error-unknown-account", args: { account: "work" } };
  locale.choose("de");
  expect(sentence({ message: "There is no account work.", said: known })).toBe(
    "Es gibt kein Konto work; welche es gibt, zeigt `daypass account list`.",
  );
  const both = { id: "done-forgotten-lives", args: { session: "s1", account: "work", until: "2026-11-20T14:32:00Z" }, then: [known] };
  expect(sentence({ message: "Forgotten.", said: both })).toBe(
    "Die Sitzung s1 von work ist hier vergessen; sie gilt weiter bis 20.11.2026, 14:32. " +
      "Es gibt kein Konto work; welche es gibt, zeigt `daypass account list`.",
  );
  expect(sentence({ message: "Half.", said: { ...both, then: [{ id: "error-that-is-not-there", args: {} }] } })).toBe("Half.");
  expect(sentence({ message: "It is away.", said: { id: "error-that-is-not-there", args: {} } })).toBe("It is away.");
  expect(sentence({ message: "It is away.", retry_after: 5 })).toBe("It is away. Nächster Versuch möglich in 5 s.");
  locale.choose("en");
  expect(sentence({ message: "It is away.", retry_after: 5 })).toBe("It is away. Try again in 5 s.");
});
