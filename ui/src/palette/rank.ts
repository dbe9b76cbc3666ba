// What two letters mean: how well a text is meant by them, and which rows come first. Pure: no clock, no page.
import type { AccountView } from "../types/AccountView";
import type { SessionView } from "../types/SessionView";

/** Something that can be chosen: an account, that is its current session, or another session that is held. */
export interface Row {
  /** Unique, and the same for as long as the thing is there. */
  key: string;
  account: AccountView;
  /** `null` for the account's current session, whichever that is when it is copied. */
  session: SessionView | null;
}

/** How good a match is, from the best on. A match of a whole name is better than any of its parts. */
const EXACT = 100;
const HEAD = 80;
const WORD = 60;
const INITIALS = 50;
const INSIDE = 40;
const SCATTERED = 20;
/** A provider's name says less than a name that the user gave. */
const OF_PROVIDER = 0.5;

/** All that can be chosen, each account followed by its further sessions; the account that was used last comes first. */
export function rowsOf(accounts: readonly AccountView[]): Row[] {
  const byUse = [...accounts].sort((a, b) => used(b) - used(a) || compare(a.name, b.name));
  return byUse.flatMap((account) => [
    { key: account.name, account, session: null },
    ...account.sessions
      .filter((session) => session.held && !session.current)
      .map((session) => ({ key: `${account.name}\n${session.id}`, account, session })),
  ]);
}

/** The rows that `query` may mean, the likeliest first; equally likely ones stay in their order. Every word of it must fit. */
export function rank(rows: readonly Row[], query: string): Row[] {
  const words = plain(query).split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return [...rows];
  const scored = rows.flatMap((row) => {
    const scores = words.map((word) => Math.max(...texts(row).map(([text, weight]) => match(word, text) * weight)));
    return scores.includes(0) ? [] : [{ row, score: scores.reduce((sum, score) => sum + score, 0) }];
  });
  return scored.sort((a, b) => b.score - a.score).map(({ row }) => row);
}

/** How well `text` is meant by `word`, from 0 for not at all to 100. Case and accents do not count. */
export function match(word: string, text: string): number {
  const [wanted, given] = [plain(word), plain(text)];
  if (wanted === "" || given === "") return 0;
  if (given === wanted) return EXACT;
  if (given.startsWith(wanted)) return HEAD;
  const heads = wordHeads(text);
  if (heads.some((at) => given.startsWith(wanted, at))) return WORD;
  if (isScattered(wanted, heads.map((at) => given[at]).join("")) !== null) return INITIALS;
  if (given.includes(wanted)) return INSIDE;
  const skipped = isScattered(wanted, given);
  return skipped === null ? 0 : Math.max(1, SCATTERED - skipped);
}

function texts({ account, session }: Row): [text: string, weight: number][] {
  const own: [string, number][] = session === null ? [[account.name, 1]] : [[session.name ?? "", 1], [account.name, 0.9]];
  return [...own, [account.title, OF_PROVIDER]];
}

/** Where words begin: at the start, after what is no letter, and at a capital within a word. */
function wordHeads(text: string): number[] {
  const letters = [...text.normalize("NFC")];
  // As many as `plain` leaves: one for each letter.
  return letters.flatMap((letter, at) => {
    const before = letters[at - 1];
    const begins = before === undefined || !/[\p{L}\p{N}]/u.test(before) || (/\p{Ll}/u.test(before) && /\p{Lu}/u.test(letter));
    return begins && /[\p{L}\p{N}]/u.test(letter) ? [at] : [];
  });
}

/** Whether the letters come in this order; answers how many were left out between them, or `null`. */
function isScattered(wanted: string, given: string): number | null {
  let [at, first] = [-1, -1];
  for (const letter of wanted) {
    at = given.indexOf(letter, at + 1);
    if (at === -1) return null;
    if (first === -1) first = at;
  }
  return at - first + 1 - wanted.length;
}

/** Without case and accents, one letter for each of the text's. */
function plain(text: string): string {
  return [...text.normalize("NFC")].map((letter) => (letter.normalize("NFD")[0] ?? letter).toLowerCase()[0] ?? letter).join("");
}

function used(account: AccountView): number {
  return account.last_used_at === null ? 0 : Date.parse(account.last_used_at);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
