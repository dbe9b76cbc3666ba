// What the history keeps in English is told in the language that is spoken.
import { afterEach, beforeEach, expect, test } from "vitest";
import { locale, texts } from "./index.svelte";
import { reread } from "./reread";

const AGENT = import.meta.glob<string>("../../../src-tauri/agent/src/**/*.rs", { query: "?raw", import: "default", eager: true });

beforeEach(() => locale.choose("de"));
afterEach(() => locale.choose("system"));

test("a sentence of the agent's is known by its words, with what is put into it", () => {
  expect(reread("The user asked for it.")).toBe("Auf Wunsch.");
  expect(reread("It was of format 3; a backup of it was made before.")).toBe(
    "Er hatte das Format 3; vorher wurde eine Sicherung angelegt.",
  );
  const refused = "PocketPaw does not accept the credential (401, No).";
  expect(reread(refused)).toBe("PocketPaw lehnt die Zugangsdaten ab (401, No).");
  expect(reread(`${refused} Connect paw again, or sign in again.`)).toBe(
    "PocketPaw lehnt die Zugangsdaten ab (401, No). paw neu verbinden oder neu anmelden.",
  );
  expect(reread(`The session was not revoked: ${refused}`)).toBe(
    "Die Sitzung wurde nicht widerrufen: PocketPaw lehnt die Zugangsdaten ab (401, No).",
  );
});

test("other words stay as they are, and English does", () => {
  expect(reread("It rained.")).toBe("It rained.");
  expect(reread("The user asked for it. It rained.")).toBe("The user asked for it. It rained.");
  locale.choose("en");
  expect(reread("The user asked for it.")).toBe("The user asked for it.");
});

test("every reason is one that the agent writes", () => {
  const sources = Object.values(AGENT).join("\n");
  const reasons = texts("en").flatMap((text) => [...text.matchAll(/^reason-[\w-]+ = (.+)$/gm)].map((match) => match[1] ?? ""));
  expect(reasons.length).toBeGreaterThan(20);
  for (const reason of reasons) expect(sources, reason).toContain(`"${reason.replace(/: \{\$told\}$/, "").replace(/\{\$/g, "{")}"`);
});
