// What can be found in the history, in words: each event has a name and a mark of its own, and belongs to a kind.
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

const EVENTS: Record<LogEvent, EventWord> = {
  connected: { word: "Connected", mark: "link", kind: "accounts" },
  removed: { word: "Removed", mark: "drop", kind: "accounts" },
  minted: { word: "Session opened", mark: "open", kind: "tokens" },
  refreshed: { word: "Refreshed", mark: "again", kind: "tokens" },
  rotated: { word: "Secret rotated", mark: "turn", kind: "tokens" },
  created: { word: "Session created", mark: "open", kind: "sessions" },
  failed: { word: "Attempt failed", mark: "fail", kind: "problems" },
  refused: { word: "Credential refused", mark: "stop", kind: "problems" },
  copied: { word: "Token copied", mark: "copy", kind: "tokens" },
  revoked: { word: "Session revoked", mark: "end", kind: "sessions" },
  revoked_all: { word: "All sessions revoked", mark: "end", kind: "sessions" },
  forgotten: { word: "Session forgotten", mark: "drop", kind: "sessions" },
  orphan_found: { word: "Orphan found", mark: "lost", kind: "problems" },
  vault_opened: { word: "Vault opened", mark: "unlock", kind: "accounts" },
  vault_shut: { word: "Vault shut", mark: "lock", kind: "problems" },
  vault_upgraded: { word: "Vault upgraded", mark: "turn", kind: "accounts" },
  exported: { word: "Vault exported", mark: "out", kind: "accounts" },
  imported: { word: "Accounts imported", mark: "in", kind: "accounts" },
};

export function eventWord(event: LogEvent): EventWord {
  return EVENTS[event];
}

/** The kinds as they are offered, after "all". */
export const KINDS: readonly { kind: Kind; label: string }[] = [
  { kind: "tokens", label: "Tokens" },
  { kind: "sessions", label: "Sessions" },
  { kind: "problems", label: "Problems" },
  { kind: "accounts", label: "Accounts and vault" },
];

/** Why it happened, or how it failed, where one of them is known. */
export function reasonOf(entry: LogEntry): string | null {
  return entry.reason ?? (entry.code === null ? null : `The answer was “${entry.code.replaceAll("_", " ")}”.`);
}
