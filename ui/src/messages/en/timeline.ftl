# The timeline: the lives of all sessions on one line of time.
timeline-title = Timeline
