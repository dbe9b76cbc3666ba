# Notifications.

## What can be done

note-do-copy = Copy
note-do-refresh = Refresh
note-do-sign-in = Sign in
note-do-clear = Clear now
note-do-unlock = Unlock
note-do-again = Try again
note-do-open = Open Daypass
note-do-quit = Quit Daypass

## A copy

note-copied-title = Copied: { $account }
note-copied-lives = It lives for { $life }.
note-copied-endless = Its end is not known.
note-copied-short = It could not be refreshed: { $reason }
note-copied-cleared = The clipboard is cleared in { $left }.
note-replaced-title = The token of { $account } has been replaced
note-replaced-until = The one that you copied works for { $life } at most.
note-replaced-endless = The one that you copied may end at any time.
note-replaced-revoked = The one that you copied will soon be revoked.
note-ended-title = The token of { $account } is no longer valid
note-ended = The session of the token that you copied was revoked.
note-ended-with-all = All sessions of { $account } were revoked.

## Accounts

note-needs-you-title = { $account } needs you
note-needs-you-many-title = { $count } accounts need you
note-trouble-title = Cannot refresh { $account }
note-trouble-many-title = Cannot refresh { $count } accounts
note-recovered-title = { $account } is fresh again
note-recovered-many-title = { $count } accounts are fresh again
note-recovered = There is a new token.
note-recovered-lives = The new token lives for { $life }.
note-recovered-many = There are new tokens for { $names }.
note-several = { $names }. { $message }
note-revoked-title = Revoked: { $account }

## The vault

note-vault-title = The vault needs you

## What did not work

note-failed-copy = Could not copy the token of { $account }
note-failed-refresh = Could not refresh { $account }
note-failed-revoke = Could not revoke a session of { $account }
note-failed-forget = Could not forget a session of { $account }
note-failed-vault = Could not open the vault
note-failed-settings = Could not change the settings
note-failed-clear = Could not clear the clipboard
note-failed-open = Could not open the window
note-failed-show = Could not show the window
note-failed-open-palette = Could not open the palette
note-failed-show-palette = Could not show the palette
note-failed-find = { $account } is not here any more
note-gone = The account was removed or renamed since this was offered.
note-clipboard-unreachable = The clipboard cannot be reached: { $reason }.
note-window-missing = The window cannot be opened: { $reason }.
note-window-broke = Its program ended with an error; what it said stands where Daypass was started.
note-desktop-gone = The desktop does not answer any more.

## No tray

note-no-tray-title = No tray here
note-no-tray = This desktop shows no tray icons, so the window opens instead. Start Daypass again to see it later; Ctrl+Q in the window ends it.
note-still-here-title = Daypass goes on running
note-still-here = It keeps your tokens fresh. Start it again to see its window; Ctrl+Q in the window ends it.
