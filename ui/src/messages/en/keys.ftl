# The keys of the window, and the list of them.
keys-title = Keyboard shortcuts
keys-close-list = Close
keys-or = or
keys-key-ctrl = Ctrl
keys-key-shift = Shift
keys-key-enter = Enter
keys-key-escape = Esc
keys-key-delete = Del
keys-key-home = Home
keys-key-end = End
keys-key-page-up = Page up
keys-key-page-down = Page down
keys-key-space = Space

keys-group-window = Everywhere
keys-new-session = New session
keys-refresh = Refresh what is shown
keys-history = Show the history
keys-timeline = Show the timeline
keys-shortcuts = Show these shortcuts
keys-close = Close the window

keys-group-accounts = In the list of accounts
keys-accounts-next = Next account
keys-accounts-previous = Previous account
keys-accounts-first = All accounts
keys-accounts-last = Last account

keys-group-timeline = On the timeline
keys-timeline-in = Zoom in
keys-timeline-out = Zoom out
keys-timeline-earlier = Session before, or further back in time
keys-timeline-later = Session after, or further on in time
keys-timeline-up = Row above
keys-timeline-down = Row below
keys-timeline-now = Back to now
keys-timeline-open = Open the session
