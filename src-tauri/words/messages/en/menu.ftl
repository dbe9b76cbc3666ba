# The tray menu and the tooltip of the icon.

## Spans of time and lists of names

menu-span-soon = under 1 min
menu-span-seconds = { $count } s
menu-span-minutes = { $count } min
menu-span-hours = { $count } h
menu-span-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
menu-names-and = { $names } and { $last }
menu-names-more = { $names } and { $count } more

## The menu itself

menu-starting = Starting…
menu-connect = Connect an account…
menu-copy-of = Copy token of { $account }
menu-clip = On the clipboard: { $account } · { $left }
menu-clip-clear = Clear clipboard now
menu-more-accounts = More accounts
menu-more-in-window = { $count } more in Daypass…
menu-new-session = New session…
menu-open = Open Daypass
menu-timeline = Timeline…
menu-history = History…
menu-pause = Pause refreshing
menu-resume = Resume refreshing
menu-settings = Settings…
menu-quit = Quit

## The vault

menu-vault-slow = The keyring has not answered yet
menu-vault-locked = The keyring is locked
menu-vault-absent = There is no keyring
menu-vault-full = The disk is full
menu-vault-corrupt = The vault is damaged
menu-vault-failing = The vault cannot be used
menu-vault-unlock = Unlock…
menu-vault-again = Try again
menu-vault-help = What to do…

## An account

menu-account = { $account } · { $state }
menu-account-copy = Copy token
menu-account-refresh = Refresh now
menu-account-sign-in = Sign in again…
menu-life-left = { $life } left
menu-life-live = live
menu-life-none = not used yet
menu-life-over = expired, renewed on use
menu-life-refreshing = { $left }, refreshing…
menu-life-trouble = { $left }, cannot refresh
menu-refreshing = refreshing…
menu-trouble = cannot refresh
menu-needs-you = needs you
menu-needs-you-because = needs you: { $reason }

## A session

menu-session = { $title } · { $state }
menu-session-current = Current session
menu-session-current-named = { $name } (current)
menu-session-kind = { $name } · { $kind }
menu-session-unnamed = Session { $id }
menu-session-left = { $life } left
menu-session-endless = no end known
menu-session-expired = expired
menu-session-foreign = opened elsewhere, { $left }
menu-session-orphan = token lost, { $left }
menu-session-copy = Copy
menu-session-revoke = Revoke
menu-session-forget = Forget here
menu-session-forget-until = Forget here (stays valid for { $life })
menu-session-forget-endless = Forget here (stays valid)
menu-session-elsewhere = Can only be ended at { $provider }

## The tooltip

menu-tip-starting = Daypass is starting.
menu-tip-empty = No account is connected yet.
menu-tip-paused = Refreshing is paused.
menu-tip-well = { $account } is well.
menu-tip-all-well = All { $count } accounts are well.
menu-tip-refreshing = Refreshing { $names }.
menu-tip-trouble = Cannot refresh { $names }; trying again.
menu-tip-needs-you = { $account } needs you.
menu-tip-many-need-you = { $count } accounts need you: { $names }.
