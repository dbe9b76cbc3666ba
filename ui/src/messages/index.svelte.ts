// What the page says, in the user's language: message files (Project Fluent), one for each room of the page and language.
//
// English is complete; what another language lacks is said in English, and a test finds it. The sentences of the agent are in
// files that the page shares with the tray (`src-tauri/words/messages/`).
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import type { Language } from "../types/Language";
import type { Said } from "../types/Said";

/** The languages of the message files. */
export const LANGUAGES = ["en", "de"] as const;
export type Spoken = (typeof LANGUAGES)[number];

/** Those that are written from right to left. None of ours is; a test takes one that would be. */
const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur"];

const FILES: Record<string, string> = {
  ...import.meta.glob<string>("./*/*.ftl", { query: "?raw", import: "default", eager: true }),
  ...import.meta.glob<string>("../../../src-tauri/words/messages/*/errors.ftl", { query: "?raw", import: "default", eager: true }),
};

/** The texts of a language's files. */
export function texts(language: Spoken): string[] {
  return Object.keys(FILES)
    .filter((path) => path.includes(`/${language}/`))
    .map((path) => FILES[path] ?? "");
}

const bundles = new Map<Spoken, FluentBundle>();

/** A language's messages; they are read when they are needed first. */
function bundle(language: Spoken): FluentBundle {
  let bundle = bundles.get(language);
  if (bundle === undefined) {
    bundle = new FluentBundle(language, { useIsolating: false });
    for (const text of texts(language)) bundle.addResource(new FluentResource(text), { allowOverrides: true });
    bundles.set(language, bundle);
  }
  return bundle;
}

class Locale {
  /** The language that is spoken. */
  language = $state<Spoken>("en");
  /** The locale of dates and numbers: the desktop's where it is of that language, else the language itself. */
  readonly tag = $derived(navigator.languages.find((tag) => tag.split("-")[0] === this.language) ?? this.language);

  /** Speaks the language that is chosen; `system` is the first of the desktop's that we speak. */
  choose(chosen: Language): void {
    const known = (tag: string): Spoken | undefined => LANGUAGES.find((language) => language === tag.split("-")[0]);
    this.language = chosen === "system" ? (navigator.languages.map(known).find((one) => one !== undefined) ?? "en") : chosen;
    document.documentElement.lang = this.tag;
    document.documentElement.dir = RIGHT_TO_LEFT.includes(this.language) ? "rtl" : "ltr";
  }
}

export const locale = new Locale();

/** The message `id` with these variables, in the language that is spoken. It is read anew where that changes. */
export function t(id: string, args?: Record<string, FluentVariable>): string {
  return find(locale.language, id, args) ?? find("en", id, args) ?? id;
}

/** The message `id` where there is one, else `otherwise`: for what may come from a user's own definition. */
export function maybe(id: string, otherwise: string): string {
  return find(locale.language, id) ?? otherwise;
}

/** A sentence of the agent's in the language that is spoken; its English one where that has none. */
export function sentence(said: Said | undefined, message: string): string {
  return said === undefined ? message : (find(locale.language, said.id, said.args as Record<string, string>) ?? message);
}

function find(language: Spoken, id: string, args?: Record<string, FluentVariable>): string | null {
  const messages = bundle(language);
  const pattern = messages.getMessage(id)?.value;
  return pattern == null ? null : messages.formatPattern(pattern, args ?? null, []);
}
