# The palette for quick copies.
palette-title = Quick copy
palette-ask = Copy the token of
palette-placeholder = Account, session or provider
palette-list = Accounts and sessions
palette-found = { $count ->
    [one] One match
   *[other] {$count} matches
}
palette-none = Nothing matches “{$query}”
palette-empty = No accounts yet
palette-empty-says = Once one is connected, its token can be copied from here.
palette-connect = Connect account
palette-open = Open Daypass
palette-opens = ↵ opens Daypass
palette-copying = Copying…
palette-missed = “{$what}” was not copied. {$why}
palette-session-over = It has ended.
palette-key-choose = Choose
palette-key-copy = Copy
palette-key-close = Close
palette-key-number = Ctrl {$number}
