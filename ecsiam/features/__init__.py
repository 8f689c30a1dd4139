"""One room per feature: its keys and the checks between them, its statements and why, what it needs, its notes."""
