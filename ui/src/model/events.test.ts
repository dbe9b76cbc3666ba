// Every event has a name of its own, and belongs to a kind that is offered.
import { expect, test } from "vitest";
import { entry } from "../testing/made";
import type { LogEvent } from "../types/LogEvent";
import { eventWord, KINDS, reasonOf } from "./events";

const EVENTS: LogEvent[] = [
  "connected", "removed", "minted", "refreshed", "rotated", "created", "failed", "refused", "copied", "revoked",
  "revoked_all", "forgotten", "orphan_found", "vault_opened", "vault_shut", "vault_upgraded", "exported", "imported",
];

test("every event has a word of its own and a kind that can be chosen", () => {
  expect(new Set(EVENTS.map((event) => eventWord(event).word)).size).toBe(EVENTS.length);
  const offered = new Set(KINDS);
  for (const event of EVENTS) expect(offered).toContain(eventWord(event).kind);
});

test("what went wrong is told by its sentence, else by its code", () => {
  expect(reasonOf(entry({ reason: "It does not answer.", code: "offline" }))).toBe("It does not answer.");
  expect(reasonOf(entry({ code: "rate_limited" }))).toBe("The answer was “rate limited”.");
  expect(reasonOf(entry())).toBeNull();
});
