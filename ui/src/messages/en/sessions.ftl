# The sessions: the list, the details of one, and how they are ended.
sessions-accounts = {$count ->
    [one] One account
   *[other] {$count} accounts
}
sessions-account = Account
sessions-of = Sessions of {$account}
sessions-of-all = Sessions of all accounts
sessions-none = No session.
sessions-none-yet = No session yet.

sessions-until = Until {$at}
sessions-next-refresh = next refresh in {$wait}
sessions-refreshing-now = refreshing now
sessions-last-used = last used {$ago}
sessions-always-fresh = always kept fresh
sessions-current-token = Current token
sessions-no-token = No token yet
sessions-no-token-yet = The first copy opens a session.
sessions-no-token-trouble = It comes back when the trouble is over.
sessions-endless = No expiry
sessions-over = Expired
sessions-left = left
sessions-history = History
sessions-history-of = of {$account}
sessions-new = New session…
sessions-refresh = Refresh now
sessions-refreshing = Refreshing…
sessions-copy-token = Copy token
sessions-revoke-all = Revoke all sessions…
sessions-remove = Remove account…

sessions-needs-you = “{$account}” needs you.
sessions-trouble = The last refresh failed.
sessions-trouble-of = The last refresh of “{$account}” failed.
sessions-trouble-since = It began {$ago}.
sessions-trouble-again = It is tried again in {$wait}.
sessions-new-credential = Give a new credential
sessions-try-now = Try now

sessions-search = Search sessions
sessions-search-clear = Clear the search
sessions-search-in = Search and filter
sessions-filter-state = State
sessions-filter-all = All states
sessions-filter-held = Held
sessions-filter-foreign = Foreign
sessions-filter-orphan = Orphaned
sessions-filter-expired = Expired
sessions-filter-provider = Provider
sessions-filter-providers = All providers
sessions-count = {$all ->
    [one] One session
   *[other] {$all} sessions
}
sessions-count-of = {$shown} of {$all} sessions
sessions-selected = {$count} selected
sessions-select-all = Select all
sessions-select-none = Select none
sessions-picked = {$is ->
    [true] Selected
   *[other] Not selected
}
sessions-end-selected = Revoke {$count}…
sessions-nothing-found = No session matches.
sessions-show-all = Show all

sessions-column-name = Name
sessions-column-account = Account
sessions-column-type = Type
sessions-column-created = Created
sessions-column-expires = Expires in
sessions-column-state = State
sessions-column-actions = Actions
sessions-copy = Copy
sessions-copy-of = Copy the token of {$title}
sessions-revoke = Revoke…
sessions-revoke-of = Revoke {$title}…
sessions-forget = Forget…
sessions-forget-of = Forget {$title}…

sessions-details = Details
sessions-details-of = Details of {$title}
sessions-close-details = Close the details
sessions-deeds = What can be done
sessions-cannot-copy = It cannot be copied.
sessions-no-copy-over = Its token has expired.
sessions-no-copy-foreign = It was opened elsewhere, and its token is not here.
sessions-no-copy-orphan = Its token was lost.
sessions-no-end = It cannot be ended from here: it was opened elsewhere, and {$provider} revokes no single session.
sessions-no-end-over = It has ended.
sessions-forget-says = It can be forgotten here.
sessions-forget-says-until = It can be forgotten here; its token stays valid until {$until}.
sessions-fact-account = Account
sessions-fact-id = ID
sessions-fact-expires = Expires
sessions-fact-fingerprint = Fingerprint
sessions-fact-fingerprint-means = A short name of its token, as in the history: the beginning of its SHA-256
sessions-claims = What its token says
sessions-claims-raw = All claims as they stand there
sessions-claims-header = Header
sessions-claims-unchecked = Nobody has checked this here. The signature is not shown.
sessions-claim-sub = Subject
sessions-claim-name = Name
sessions-claim-email = E-mail
sessions-claim-iss = Issuer
sessions-claim-aud = Audience
sessions-claim-azp = Asked for by
sessions-claim-client_id = Client
sessions-claim-scope = Scope
sessions-claim-scp = Scope
sessions-claim-roles = Roles
sessions-claim-iat = Issued
sessions-claim-nbf = Valid from
sessions-claim-exp = Expires
sessions-claim-auth_time = Signed in
sessions-claim-jti = Token ID
sessions-claim-sid = Session ID
sessions-past = History
sessions-past-none = Nothing is written of it.
sessions-past-more = The history has more.

sessions-many-ask = {$count ->
    [one] Revoke one session?
   *[other] Revoke {$count} sessions?
}
sessions-many-ask-forget = {$count ->
    [0] These sessions cannot be ended from here
    [one] Forget one session here?
   *[other] Forget {$count} sessions here?
}
sessions-many-revoke = Revoke {$count}
sessions-many-forget = Forget {$count}
sessions-lot-revoked = {$count ->
    [one] One is revoked.
   *[other] {$count} are revoked.
}
sessions-lot-forgotten = {$count ->
    [one] One is forgotten here.
   *[other] {$count} are forgotten here.
}
sessions-lot-forgotten-until = {$count ->
    [one] One is forgotten here; its token stays valid until {$until}.
   *[other] {$count} are forgotten here; the last of their tokens stays valid until {$until}.
}
sessions-lot-stays = {$count ->
    [one] One stays as it is.
   *[other] {$count} stay as they are.
}
sessions-lot-over = They have ended.
sessions-many-progress = Progress
sessions-many-done = {$done} of {$all} done
sessions-many-pause = · the provider asks for a pause, {$wait} s
sessions-many-stop = Stop
sessions-many-revoked = {$count ->
    [one] One session was revoked.
   *[other] {$count} sessions were revoked.
}
sessions-many-forgotten = {$count ->
    [one] One session was forgotten here.
   *[other] {$count} sessions were forgotten here.
}
sessions-many-none = No session was ended.
sessions-many-left = {$count ->
    [one] One was not begun.
   *[other] {$count} were not begun.
}
sessions-many-failed = {$count ->
    [one] One failed:
   *[other] {$count} failed:
}
sessions-many-again = Try these again
sessions-and-others = {$names} and {$count} more
sessions-close = Close
sessions-ended-revoked = “{$title}” was revoked.
sessions-ended-forgotten = “{$title}” was forgotten here.
sessions-ended-forgotten-lives = “{$title}” was forgotten here; its token stays valid until {$until}.
sessions-undo = Undo
sessions-taken-back = It is back.

sessions-new-title = New session
sessions-new-account = Account
sessions-new-name = Name
sessions-new-name-sent = {$provider} shows it in its list of sessions.
sessions-new-name-kept = It is kept on this computer only.
sessions-new-life = Life
sessions-new-life-is = That is {$life}.
sessions-new-life-hint = For example 45m, 12h or 7d. {$life} where nothing is said.
sessions-new-life-decided = {$provider} decides how long it lives.
sessions-new-create = Create session
sessions-new-open = The session is open.
sessions-new-named-open = “{$title}” is open.
