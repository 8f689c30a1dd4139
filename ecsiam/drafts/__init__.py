"""A config from what was read: the keys that the task definitions ask for, names kept where roles exist."""

from ecsiam.drafts.draft import Draft, draft

__all__ = ["Draft", "draft"]
