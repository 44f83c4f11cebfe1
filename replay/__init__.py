"""How the past reads: folding events into a conversation and every way of looking at it. It never calls a model."""

__all__: list[str] = []
