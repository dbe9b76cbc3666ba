// The list of sessions as it is looked at: what is searched, filtered and sorted, what is selected, and where the keyboard is.
import { locale } from "../messages/index.svelte";
import { app } from "../model/app.svelte";
import { finder, keyOf, rowsOf, sorted, standingOf, type Column, type Row, type Sort, type Standing } from "./rows";

export class List {
  query = $state("");
  standing = $state<Standing | null>(null);
  /** The provider that is looked at, where all accounts are. */
  provider = $state<string | null>(null);
  sort = $state.raw<Sort | null>(null);
  /** The keys of what is selected; also of what is not shown at the moment. */
  selected = $state.raw<ReadonlySet<string>>(new Set());
  /** The key of the row that the keyboard is at. */
  cursor = $state<string | null>(null);

  /** The accounts that are looked at. */
  readonly accounts = $derived(app.account === null ? app.accounts : [app.account]);
  /** Their sessions. Each step is worked out again only where what it depends on has changed. */
  readonly all = $derived(rowsOf(this.accounts));
  readonly #sorted = $derived(sorted(this.all, this.sort, locale.tag));
  /** Those that are shown, in order. */
  readonly rows = $derived.by(() => {
    const { standing } = this;
    const provider = app.account === null ? this.provider : null;
    const isMeant = finder(this.query);
    if (this.query.trim() === "" && standing === null && provider === null) return this.#sorted;
    return this.#sorted.filter(
      (row) =>
        (standing === null || standingOf(row.session) === standing) &&
        (provider === null || row.account.provider === provider) &&
        isMeant(row),
    );
  });
  /** What is selected and can be seen to be: nothing else is acted upon. */
  readonly chosen = $derived(this.selected.size === 0 ? [] : this.rows.filter((row) => this.selected.has(row.key)));
  readonly at = $derived(this.cursor === null ? -1 : this.rows.findIndex((row) => row.key === this.cursor));
  /** The row whose details are shown, where it is still there. */
  readonly opened = $derived.by(() => {
    const { opened } = app;
    const account = opened === null ? undefined : app.accounts.find(({ name }) => name === opened.account);
    const session = account?.sessions.find(({ id }) => id === opened?.session);
    return account === undefined || session === undefined ? null : { key: keyOf(account.name, session.id), account, session };
  });

  /** Where a selection of several began. */
  #anchor: string | null = null;

  /** Sorts by a column: upward, then downward, then as the agent does. */
  sortBy(column: Column): void {
    if (this.sort?.column !== column) this.sort = { column, descending: false };
    else this.sort = this.sort.descending ? null : { column, descending: true };
  }

  /** Shows everything again. */
  clear(): void {
    this.query = "";
    this.standing = null;
    this.provider = null;
  }

  /** Shows the details of a row, and goes there. */
  open(row: Row): void {
    this.go(row);
    app.opened = { account: row.account.name, session: row.session.id };
  }

  close(): void {
    app.opened = null;
  }

  /** Goes to a row; where details are shown, they are those of this one. */
  go(row: Row): void {
    this.cursor = row.key;
    this.#anchor = row.key;
    if (app.opened !== null) app.opened = { account: row.account.name, session: row.session.id };
  }

  /** Selects a row beside the others, or not any more. */
  toggle(row: Row): void {
    const next = new Set(this.selected);
    if (!next.delete(row.key)) next.add(row.key);
    this.selected = next;
    this.cursor = row.key;
    this.#anchor = row.key;
  }

  /** Selects all rows from where the selection began up to this one. */
  reach(row: Row): void {
    const from = this.rows.findIndex(({ key }) => key === (this.#anchor ?? this.cursor));
    const to = this.rows.findIndex(({ key }) => key === row.key);
    const [first, last] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    this.#anchor ??= this.rows[from]?.key ?? row.key;
    this.selected = new Set(this.rows.slice(first, last + 1).map(({ key }) => key));
    this.cursor = row.key;
  }

  selectAll(): void {
    this.selected = new Set(this.rows.map(({ key }) => key));
  }

  selectNone(): void {
    this.selected = new Set();
  }
}

export const list = new List();
