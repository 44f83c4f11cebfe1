"""A batch in the worst of weathers: three of ten calls go wrong, and what the log tells of them is what the server counted."""

from __future__ import annotations

from collections import Counter

import pytest

from store import ModelFailed, ModelReplied, SeekerSpoke, SqlLog, verify
from tests.graphs.batches import again, all_calls, answered_twice, batch, line, lives, streams, voiced
from tests.graphs.given import events
from tests.serving.behaviour import COMMON
from tests.serving.running import Server, serving

pytestmark = pytest.mark.slow
_TELLS = {
    "rate_limit": "rate_limit", "rate_limit_bare": "rate_limit", "server_error": "server", "hang": "timeout", "cut_off": "malformed",
    "not_json": "malformed", "empty": "malformed",
}  # fmt: skip
"""What the log calls each fault that an attempt can see for itself; of the others, the words of an answer tell later."""


def test_whatever_goes_wrong_every_session_ends_or_is_reported_and_no_call_is_lost_or_answered_twice(log: SqlLog) -> None:
    # Two calls of a hundred hang, each for as long as the client waits.
    with serving(close_after=None, hang_s=3, fault_rate=0.3, fault_seed=5, retry_after_s=0.05, keep=0) as server:
        settings = voiced(server, turn_limit=3, voice={"timeout_s": 1.0})
        played = batch(log, settings, "40", at_once=16)
        tally, ended = played.play()
        counts, asked = server.counts(), all_calls(log, played.run)
    kept = streams(log, played.run)
    assert len(kept) == tally.total == tally.over + tally.kinds["left"] == 40
    assert tally.kinds["done"] > 20
    assert len(tally.reasons) == min(20, tally.kinds["failed"] + tally.kinds["left"])
    assert (ended.ended, ended.failed) == (tally.over, tally.kinds["failed"])
    assert verify(log).problems == []
    assert [answered_twice(stored) for stored in kept.values()] == [[]] * 40
    assert len(asked) == counts.requests == sum(counts.outcomes.values())
    assert sum(event.prompt_tokens for event in asked) == counts.all_prompt_tokens
    assert sum(event.completion_tokens for event in asked) == counts.all_completion_tokens
    assert set(COMMON) <= set(counts.outcomes)
    failed = Counter(event.failure for event in asked if isinstance(event, ModelFailed))
    told = Counter[str]()
    for fault, kind in _TELLS.items():
        told[kind] += counts.outcomes[fault]
    assert {kind: failed[kind] for kind in told} == told  # type: ignore[index]


def test_the_same_batch_without_faults_says_the_same_where_only_calls_had_to_be_repeated(log: SqlLog) -> None:
    repeated = ("rate_limit_bare", "server_error", "cut_off", "empty")
    with serving(close_after=None, fault_rate=0.3, fault_seed=2, faults=repeated, keep=0) as server:
        settings = voiced(server, turn_limit=3)
        played = batch(log, settings, "8", line=line(attempts=20), at_once=8)
        assert played.play()[0].kinds == {"done": 8}
        assert server.counts().faults > 50
        server.set(fault_rate=0.0)
        calm = batch(log, settings, "8", at_once=8)
        assert calm.play()[0].kinds == {"done": 8}
    assert lives(log, played.run) == lives(log, calm.run)


def test_a_server_that_fails_for_a_while_leaves_sessions_open_and_resuming_completes_them(log: SqlLog, chat_server: Server) -> None:
    chat_server.set(fault_rate=0.5, fault_seed=3, faults=["server_error"])
    played = batch(log, voiced(chat_server, turn_limit=3), "8", line=line(attempts=3), at_once=2)
    tally, _ = played.play()
    assert tally.kinds["left"] > 0
    assert all(reason.startswith("server: ") for _, reason in tally.reasons)
    chat_server.set(fault_rate=0.0)
    assert again(log, played.run.id).play()[0].kinds == {"done": 8}
    assert len(all_calls(log, played.run)) == chat_server.counts().requests
    assert [answered_twice(stored) for stored in streams(log, played.run).values()] == [[]] * 8


def test_a_seeker_that_speaks_as_a_helper_is_asked_anew_and_marked_where_it_stays_one(log: SqlLog, chat_server: Server) -> None:
    chat_server.set(fault_rate=0.25, fault_seed=1, faults=["out_of_character"])
    played = batch(log, voiced(chat_server, "seeker", turn_limit=4), "8", at_once=8)
    assert played.play()[0].kinds == {"done": 8}
    told = [event for stream in streams(log, played.run) for event in events(log, stream)]
    assert any(isinstance(event, ModelReplied) and event.purpose == "seeker.reask" for event in told)
    spoken = [event for event in told if isinstance(event, SeekerSpoke)]
    marked = [event for event in spoken if {"role_swap", "helping"} & {fault.kind for fault in event.faults}]
    assert marked == [event for event in spoken if "As an AI language model" in event.message]
    assert 0 < len(marked) < len(spoken) / 4
