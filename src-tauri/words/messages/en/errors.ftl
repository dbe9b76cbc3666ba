# What goes wrong: the sentences of the agent, by the ids that it sends along. Shared with the page.
error-unknown-account = There is no account named {$account}.
