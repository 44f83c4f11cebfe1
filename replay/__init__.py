"""How the past reads: folding events into a conversation and every way of looking at it. It never calls a model."""

from replay.conversation import Conversation, Exchange, apply, fold

__all__ = ["Conversation", "Exchange", "apply", "fold"]
