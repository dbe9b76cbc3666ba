// The sentences: every state has words of its own, and a question says what the action really does.
import { expect, test } from "vitest";
import { account, at, LISTING, MINTING, NOW, session } from "../testing/made";
import { askToEnd, askToRemove, askToRevokeAll, copied, ending, healthWord, sessionTitle, standing, stateWord } from "./words";

const STATES = ["fresh", "stale", "urgent", "expired", "foreign", "orphan"] as const;

test("every state has a word of its own", () => {
  expect(new Set(STATES.map((state) => stateWord(state).word)).size).toBe(STATES.length);
});

test("how we stand to a session is said in words", () => {
  expect(standing(session())).toBe("held");
  expect(standing(session({ current: true }))).toBe("held, current");
  expect(standing(session({ held: false, state: "foreign" }))).toBe("not held");
  expect(standing(session({ held: false, state: "orphan" }))).toBe("token lost");
});

test("a session without a name is still called something", () => {
  expect(sessionTitle(session({ name: "ci" }))).toBe("ci");
  expect(sessionTitle(session({ name: "" }))).toBe("Unnamed session");
  expect(sessionTitle(session({ name: null, current: true }))).toBe("Current session");
});

test("health is the time left while all is well, and a call for help when it is not", () => {
  expect(healthWord(account(), NOW).word).toBe("32m");
  expect(healthWord(account({ sessions: [] }), NOW).word).toBe("Not used yet");
  expect(healthWord(account({ health: "refreshing" }), NOW).word).toBe("Refreshing…");
  expect(healthWord(account({ health: "needs_you" }), NOW).word).toBe("Needs you");
  const problem = { code: "offline", message: "It does not answer.", since: at(-60), retry_at: at(12) } as const;
  expect(healthWord(account({ health: "trouble", problem }), NOW).word).toBe("Retry in 12s");
  expect(healthWord(account({ health: "trouble", problem: { ...problem, retry_at: null } }), NOW).word).toBe("Trouble");
});

test("only what the provider can do is offered", () => {
  const listing = account({ abilities: LISTING });
  const minting = account({ abilities: MINTING });
  const foreign = session({ held: false, state: "foreign" });
  expect(ending(session(), listing)).toBe("revoke");
  expect(ending(foreign, listing)).toBe("revoke");
  expect(ending(session({ held: false, state: "orphan" }), listing)).toBe("revoke");
  expect(ending(session({ state: "expired" }), listing)).toBe("forget");
  expect(ending(session({ held: false, state: "expired" }), listing)).toBeNull();
  expect(ending(session(), minting)).toBe("forget");
  expect(ending(foreign, minting)).toBeNull();
});

test("revoking says what the provider does, and that the current session comes back", () => {
  const question = askToEnd(session({ current: true }), account(), "revoke", NOW);
  expect(question.title).toBe("Revoke “ci”?");
  expect(question.says).toEqual([LISTING.revoke_effect, "It is the current session; a new one is opened at the next use."]);
  expect(askToEnd(session(), account(), "revoke", NOW).says).toEqual([LISTING.revoke_effect]);
});

test("forgetting says until when the token stays valid, and what would end it", () => {
  const question = askToEnd(session(), account({ abilities: MINTING }), "forget", NOW);
  expect(question.title).toBe("Forget “ci” here?");
  expect(question.confirm).toBe("Forget here");
  expect(question.says).toEqual([
    MINTING.revoke_effect,
    "Its token stays valid until 14:32.",
    "To end it at once, revoke all sessions of this account.",
  ]);
});

test("forgetting what has expired promises nothing", () => {
  const over = session({ state: "expired", expires_at: at(-1) });
  expect(askToEnd(over, account(), "forget", NOW).says).toEqual(["It is forgotten here."]);
});

test("revoking all says the provider's effect; removing says that nothing is revoked", () => {
  expect(askToRevokeAll(account()).says).toContain(LISTING.revoke_all_effect);
  expect(askToRemove(account()).says.join(" ")).toContain("Nothing is revoked");
});

test("a copy says when the clipboard is cleared", () => {
  const view = { account: "work", session_id: "s1", expires_at: null, cleared_at: at(45) };
  expect(copied(view, NOW)).toBe("Token of “work” copied. The clipboard is cleared in 45 s.");
});
