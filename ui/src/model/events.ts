// What can be found in the history, in words: each event has a name and a mark of its own, and belongs to a kind.
import { t } from "../messages/index.svelte";
import { reread } from "../messages/reread";
import type { LogEntry } from "../types/LogEntry";
import type { LogEvent } from "../types/LogEvent";

/** What an event is about; the history can be narrowed down to one of them. */
export type Kind = "tokens" | "sessions" | "problems" | "accounts";

/** The drawing beside an event's name; it tells events apart without colour. */
export type Mark =
  | "open" | "again" | "turn" | "fail" | "stop" | "copy" | "end" | "drop" | "lost" | "link" | "lock" | "unlock" | "out" | "in";

interface EventWord {
  word: string;
  mark: Mark;
  kind: Kind;
}

const EVENTS: Record<LogEvent, { mark: Mark; kind: Kind }> = {
  connected: { mark: "link", kind: "accounts" },
  removed: { mark: "drop", kind: "accounts" },
  minted: { mark: "open", kind: "tokens" },
  refreshed: { mark: "again", kind: "tokens" },
  rotated: { mark: "turn", kind: "tokens" },
  created: { mark: "open", kind: "sessions" },
  failed: { mark: "fail", kind: "problems" },
  refused: { mark: "stop", kind: "problems" },
  copied: { mark: "copy", kind: "tokens" },
  revoked: { mark: "end", kind: "sessions" },
  revoked_all: { mark: "end", kind: "sessions" },
  forgotten: { mark: "drop", kind: "sessions" },
  restored: { mark: "turn", kind: "sessions" },
  orphan_found: { mark: "lost", kind: "problems" },
  vault_opened: { mark: "unlock", kind: "accounts" },
  vault_shut: { mark: "lock", kind: "problems" },
  vault_upgraded: { mark: "turn", kind: "accounts" },
  exported: { mark: "out", kind: "accounts" },
  imported: { mark: "in", kind: "accounts" },
};

export function eventWord(event: LogEvent): EventWord {
  return { word: t(`history-${event.replaceAll("_", "-")}`), ...EVENTS[event] };
}

/** What an event is about. */
export function kindOf(event: LogEvent): Kind {
  return EVENTS[event].kind;
}

/** The kinds in the order in which they are offered, after "all". */
export const KINDS: readonly Kind[] = ["tokens", "sessions", "problems", "accounts"];

export function kindWord(kind: Kind): string {
  return t(`history-kind-${kind}`);
}

/** Why it happened, or how it failed, where one of them is known. */
export function reasonOf(entry: LogEntry): string | null {
  return entry.reason !== null ? reread(entry.reason) : (entry.code === null ? null : t("history-answer", { code: entry.code.replaceAll("_", " ") }));
}
