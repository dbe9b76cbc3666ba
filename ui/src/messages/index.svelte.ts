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

/** The country whose dates and numbers are written where the desktop names none. */
const COUNTRY: Record<Spoken, string> = { en: "GB", de: "DE" };

/** An instant as the agent writes it (RFC 3339, in UTC). */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** What the desktop says of languages, as BCP 47 tags. */
interface Desktop {
  /** The languages of texts, the one that is liked most first. */
  languages: readonly string[];
  /** The one of dates and numbers; its country is what counts. */
  time: string | null | undefined;
}

/** Something that the agent says: in English, and by the name of a message where it has one. */
export interface Spoke {
  message: string;
  said?: Said;
  /** Seconds until another try makes sense. */
  retry_after?: number;
}

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

/** The messages of a locale, as far as they were asked for. */
interface Messages {
  bundle: FluentBundle;
  /** The rooms whose messages are in it. */
  rooms: Set<string>;
}

const known = new Map<string, Messages>();

/**
 * The messages of a locale with those of the room that `id` begins with. A room's file is read when one of its messages is needed
 * first: the first picture needs few of them.
 */
function bundle(language: Spoken, tag: string, id: string): FluentBundle {
  let messages = known.get(tag);
  if (messages === undefined) {
    messages = { bundle: new FluentBundle(tag, { useIsolating: false }), rooms: new Set() };
    known.set(tag, messages);
  }
  const room = id.slice(0, id.indexOf("-") + 1);
  if (!messages.rooms.has(room)) {
    messages.rooms.add(room);
    const wanted = texts(language).filter((text) => text.includes(`\n${room}`));
    for (const text of wanted) messages.bundle.addResource(new FluentResource(text), { allowOverrides: true });
  }
  return messages.bundle;
}

/** What Rust left here of the desktop (`daypass_api::locale::Locale`), where the web view would have to guess; else what that knows. */
function desktop(): Desktop {
  const told = (window as { daypassLocale?: Desktop }).daypassLocale;
  return told ?? { languages: navigator.languages, time: navigator.languages[0] };
}

class Locale {
  /** The language that is spoken. */
  language = $state<Spoken>("en");
  /** The locale of dates and numbers: the language that is spoken, as it is written in the desktop's country. */
  tag = $state("en-GB");

  /** Speaks the language that is chosen; `system` is the first of the desktop's that we speak. */
  choose(chosen: Language): void {
    const known = (tag: string): Spoken | undefined => LANGUAGES.find((language) => language === tag.split("-")[0]);
    this.language = chosen === "system" ? (desktop().languages.map(known).find((one) => one !== undefined) ?? "en") : chosen;
    this.tag = `${this.language}-${countryOf(desktop().time) ?? COUNTRY[this.language]}`;
    document.documentElement.lang = this.language;
    document.documentElement.dir = RIGHT_TO_LEFT.includes(this.language) ? "rtl" : "ltr";
  }
}

export const locale = new Locale();

/** The message `id` with these variables, in the language that is spoken. It is read anew where that changes. */
export function t(id: string, args?: Record<string, FluentVariable>): string {
  return find(locale.language, locale.tag, id, args) ?? find("en", "en-GB", id, args) ?? id;
}

/**
 * What a provider's definition says, by the message `id`: where our English message is `otherwise`, word by word, in the language that
 * is spoken. What a user's own definition says stays as it is, also where it has the name of one of ours.
 */
export function maybe(id: string, otherwise: string): string {
  return find("en", "en-GB", id) === otherwise ? t(id) : otherwise;
}

/** What the agent says in the language that is spoken, in English where that has none for it; with the time to wait, where that is known. */
export function sentence({ said, message, retry_after }: Spoke): string {
  const text = (said === undefined ? null : translated(said)) ?? message;
  return retry_after === undefined ? text : t("app-try-again-in", { text, seconds: retry_after });
}

/** All that is said, or nothing: half a sentence in another language is of no use. */
function translated(said: Said): string | null {
  const first = find(locale.language, locale.tag, said.id, written(said.args));
  const rest = (said.then ?? []).map(translated);
  return first === null || rest.includes(null) ? null : [first, ...rest].join(" ");
}

/** The variables of a message, with the instants among them as the locale writes them. */
function written(args: Said["args"]): Record<string, FluentVariable> {
  const time = (at: string): string => new Date(at).toLocaleString(locale.tag, { dateStyle: "medium", timeStyle: "short" });
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, INSTANT.test(value) ? time(value) : value]));
}

function find(language: Spoken, tag: string, id: string, args?: Record<string, FluentVariable>): string | null {
  const messages = bundle(language, tag, id);
  const pattern = messages.getMessage(id)?.value;
  return pattern == null ? null : messages.formatPattern(pattern, args ?? null, []);
}

/** The country of a tag: `AT` of `de-AT`. A tag that is none, as an environment may hold, has no country. */
function countryOf(tag: string | null | undefined): string | undefined {
  try {
    return tag == null ? undefined : new Intl.Locale(tag).region;
  } catch {
    return undefined;
  }
}
