// What is kept in English only, read back into its message: the history keeps sentences, not their names.
import { FluentResource } from "@fluent/bundle";
import type { Said } from "../types/Said";
import { locale, sentence, texts } from "./index.svelte";

/** How many sentences are remembered; the history tells few that differ. */
const MOST = 500;

/** An English message: how it reads, and the names of its variables in the order in which they stand. */
interface Template {
  id: string;
  reads: RegExp;
  names: string[];
}

let templates: Template[] | null = null;
const known = new Map<string, Said | null>();

/** `text` in the language that is spoken, where it is made of messages of ours word by word; else as it is. */
export function reread(text: string): string {
  if (locale.language === "en") return text;
  let said = known.get(text);
  if (said === undefined) {
    if (known.size >= MOST) known.clear();
    said = read(text);
    known.set(text, said);
  }
  return said === null ? text : sentence({ message: text, said });
}

/** The message that `text` is, or the messages that it is made of. */
function read(text: string): Said | null {
  const whole = one(text);
  if (whole !== null) return whole;
  for (const { index } of text.matchAll(/[.?] /g)) {
    const first = one(text.slice(0, index + 1));
    const rest = first === null ? null : read(text.slice(index + 2));
    if (first !== null && rest !== null) return { ...first, then: [{ ...rest, then: [] }, ...(rest.then ?? [])] };
  }
  return null;
}

function one(text: string): Said | null {
  for (const { id, reads, names } of (templates ??= written())) {
    const match = reads.exec(text);
    if (match !== null) {
      const args = names.map((name, at) => [name, match[at + 1] ?? ""]);
      // What follows a colon is a sentence of its own.
      return { id, args: Object.fromEntries(args.map(([name, value]) => [name, name === "told" ? reread(value ?? "") : value])) };
    }
  }
  return null;
}

/** The messages of the agent, those without variables first: they leave no doubt. */
function written(): Template[] {
  const found: Template[] = [];
  for (const { id, value } of texts("en").flatMap((text) => new FluentResource(text).body)) {
    if (!/^(?:reason|error|done)-/.test(id) || value === null) continue;
    const parts = typeof value === "string" ? [value] : value;
    const names = parts.flatMap((part) => (typeof part !== "string" && part.type === "var" ? [part.name] : []));
    const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const reads = parts.map((part) => (typeof part === "string" ? escape(part) : "(.+?)")).join("");
    found.push({ id, reads: new RegExp(`^${reads}$`), names });
  }
  return found.sort((a, b) => a.names.length - b.names.length);
}
