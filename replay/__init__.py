"""How the past reads: folding events into a conversation and every way of looking at it. It never calls a model."""

from replay.batches import find_run
from replay.commands import override_in_words
from replay.conversation import Conversation, Exchange, Forked, apply, fold
from replay.editing import edited
from replay.family import Life, family, root_of, walk
from replay.summaries import Summary, as_json, conversations, find, lines, load, outcome, summary
from replay.transcript import Transcript, View, blocks, closing, folded, headline, meter

__all__ = [
    "Conversation",
    "Exchange",
    "Forked",
    "Life",
    "Summary",
    "Transcript",
    "View",
    "apply",
    "as_json",
    "blocks",
    "closing",
    "conversations",
    "edited",
    "family",
    "find",
    "find_run",
    "fold",
    "folded",
    "headline",
    "lines",
    "load",
    "meter",
    "outcome",
    "override_in_words",
    "root_of",
    "summary",
    "walk",
]
