# The timeline: the lives of all sessions on one line of time.
timeline-title = Timeline
timeline-about = Each session from start to end. Drag to move, Ctrl and wheel to zoom.
timeline-chart = Sessions by account, over time
timeline-now = Now
timeline-to-now = Now
timeline-zoom-in = Zoom in
timeline-zoom-out = Zoom out
timeline-spans = How much time is shown
timeline-span-hour = Hour
timeline-span-hours = 6 hours
timeline-span-day = Day
timeline-span-week = Week
timeline-span-month = Month
timeline-table = Table
timeline-legend = What the drawings mean

timeline-kind-current = Current
timeline-kind-held = Held
timeline-kind-orphan = Orphan
timeline-kind-foreign = Foreign
timeline-kind-expired = Expired
timeline-kind-current-means = Its token is handed out, and kept fresh.
timeline-kind-held-means = Its token is held here.
timeline-kind-orphan-means = It was opened here, but its token was lost.
timeline-kind-foreign-means = It was opened elsewhere; its token is not here.
timeline-kind-expired-means = It has ended.
timeline-mark-good = Refreshed
timeline-mark-warn = Attempt failed
timeline-mark-bad = Credential refused
timeline-mark-next = Next refresh

timeline-more = +{ $count } more
timeline-fewer = Show fewer
timeline-more-label = { $account }: show { $count ->
    [one] one more session
   *[other] { $count } more sessions
  }
timeline-fewer-label = { $account }: show fewer sessions
timeline-none = No sessions

timeline-account = Account
timeline-session = Session
timeline-kind = Standing
timeline-type = Type
timeline-created = Created
timeline-expires = Expires
timeline-left = Time left
timeline-refreshes = Refreshes
timeline-failures = Failures
timeline-next = Next refresh
timeline-when = Time
timeline-what = What
timeline-why = Why
timeline-took = Took
timeline-unknown = Unknown
timeline-never = Never
timeline-none-planned = None planned
timeline-count = { $count ->
    [0] None
   *[other] { $count }, last { $last }
  }
timeline-bar = { $title }, account { $account }: { $kind }. Created: { $created }. Expires: { $expires }.
timeline-events-more = { $count ->
    [one] and one more
   *[other] and { $count } more
  }
timeline-sessions-table = Sessions of all accounts
timeline-events-table = Refreshes and failures from { $from } to { $to }
timeline-table-part = The first { $shown } of { $count }.
timeline-table-all = Show { $count } more
timeline-no-events = Nothing was refreshed and nothing failed in this time.

timeline-reading = Reading the history…
timeline-error = The history could not be read.
timeline-retry = Try again
timeline-cut = Refreshes and failures before { $at } are left out: there are too many.
timeline-shown = { $from } to { $to }
