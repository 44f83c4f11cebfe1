"""The test server speaks as OpenAI's does, to the real client and to plain sockets, and counts what it did."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

import openai
import pytest

from tests.serving.given import MODEL, asked, client, pieces, post, raw, say, text
from tests.serving.replies import tokens
from tests.serving.running import ROOT, Server, serving


def test_an_answer_has_the_shape_that_the_client_knows(chat_server: Server) -> None:
    answer = say(chat_server, asked())
    assert (answer.model, answer.object, answer.choices[0].finish_reason) == (MODEL, "chat.completion", "stop")
    assert (answer.choices[0].message.role, answer.choices[0].message.refusal) == ("assistant", None)


def test_tokens_are_the_words_of_the_messages_and_of_the_answer(chat_server: Server) -> None:
    answer = say(chat_server, asked("one two  three\nfour"))
    told = answer.choices[0].message.content
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (3 + 4, len(told.split()))
    assert answer.usage.total_tokens == 7 + len(told.split())


def test_words_given_in_parts_count_and_answer_like_words_given_whole(chat_server: Server) -> None:
    whole, parted = asked("hello there"), asked()
    parted["messages"][-1]["content"] = [{"type": "text", "text": "hello"}, {"type": "text", "text": "there"}]
    assert say(chat_server, whole).usage == say(chat_server, parted).usage
    assert text(chat_server, whole) == text(chat_server, parted)


def test_a_stream_says_the_same_in_pieces_and_ends_with_its_usage(chat_server: Server) -> None:
    body = asked(role="seeker", exchanges=2)
    heard = list(pieces(chat_server, {**body, "stream_options": {"include_usage": True}}))
    said = [piece.choices[0].delta.content for piece in heard if piece.choices and piece.choices[0].delta.content]
    assert len(said) > 5
    assert "".join(said) == text(chat_server, body)
    assert [piece.choices[0].finish_reason for piece in heard if piece.choices][-1] == "stop"
    assert heard[-1].usage == say(chat_server, body).usage


def test_a_stream_tells_its_usage_only_when_asked(chat_server: Server) -> None:
    assert not [piece for piece in pieces(chat_server, asked()) if piece.usage]


def test_a_stream_may_take_its_time_over_each_piece(chat_server: Server) -> None:
    chat_server.set(answers="echo", texts=["word " * 40], chunk_ms=20)
    began = time.monotonic()
    times = [time.monotonic() - began for _ in pieces(chat_server, asked())]
    assert times[-1] - times[0] > 0.15


def test_an_answer_comes_after_its_latency_and_the_nth_after_the_nth(chat_server: Server) -> None:
    chat_server.set(latency_ms=[150, 0])
    took = []
    for _ in range(3):
        began = time.monotonic()
        post(chat_server, asked())
        took.append(time.monotonic() - began)
    assert took[0] >= 0.15
    assert max(took[1:]) < 0.15


def test_waiting_answers_do_not_hold_up_each_other(chat_server: Server) -> None:
    chat_server.set(latency_ms=300)
    threads = [threading.Thread(target=post, args=(chat_server, asked(str(number)))) for number in range(8)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 8 * 0.3 / 2
    assert chat_server.counts().most_at_once == 8


def test_an_answer_longer_than_it_may_be_is_cut_there(chat_server: Server) -> None:
    chat_server.set(answers="echo", texts=["one two three four five"])
    for name in ("max_tokens", "max_completion_tokens"):
        answer = say(chat_server, {**asked(), name: 3})
        assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("one two three", "length")
    assert say(chat_server, asked(max_tokens=5)).choices[0].finish_reason == "stop"


def test_it_lists_its_models_unless_it_does_not(chat_server: Server) -> None:
    chat_server.set(models=["a", "b"])
    assert [model.id for model in client(chat_server).models.list()] == ["a", "b"]
    chat_server.set(lists_models=False)
    with pytest.raises(openai.NotFoundError):
        client(chat_server).models.list()


def test_a_model_that_it_does_not_have_is_404_and_without_a_list_it_has_all(chat_server: Server) -> None:
    with pytest.raises(openai.NotFoundError, match="other-model") as caught:
        say(chat_server, {**asked(), "model": "other-model"})
    assert caught.value.code == "model_not_found"
    chat_server.set(models=[])
    assert say(chat_server, {**asked(), "model": "other-model"}).model == "other-model"


def test_only_the_right_key_is_let_in(chat_server: Server) -> None:
    chat_server.set(key="right")
    with pytest.raises(openai.AuthenticationError):
        client(chat_server, key="wrong").chat.completions.create(**asked())
    with pytest.raises(openai.AuthenticationError):
        client(chat_server, key="wrong").models.list()
    assert client(chat_server, key="right").chat.completions.create(**asked()).choices
    assert chat_server.counts().outcomes == {"unauthorised": 1, "answered": 1}


def test_a_prompt_that_leaves_no_room_for_the_answer_overflows_the_context(chat_server: Server) -> None:
    chat_server.set(context=20)
    assert say(chat_server, asked("word " * 17)).choices
    for body in (asked("word " * 18), asked(max_tokens=16)):
        with pytest.raises(openai.BadRequestError, match="20 tokens") as caught:
            say(chat_server, body)
        assert caught.value.code == "context_length_exceeded"


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"not json", 400), (b"[]", 400), (b'{"model": "test-model"}', 400), (b'{"model": "test-model", "messages": ["hi"]}', 400)],
)
def test_a_body_that_is_no_chat_request_is_refused(chat_server: Server, body: bytes, status: int) -> None:
    sent = b"POST /v1/chat/completions HTTP/1.1\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
    assert next(raw(chat_server, sent + body)).startswith(b"HTTP/1.1 %d " % status)


def test_more_than_one_answer_a_request_is_refused(chat_server: Server) -> None:
    with pytest.raises(openai.BadRequestError):
        say(chat_server, asked(n=2))


def test_what_is_not_http_is_refused_and_hung_up_on(chat_server: Server) -> None:
    assert b"".join(raw(chat_server, b"hello\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


def test_a_request_may_come_in_pieces_and_the_next_before_the_first_is_answered(chat_server: Server) -> None:
    chat_server.set(latency_ms=50)
    body = json.dumps(asked()).encode()
    one = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    answers, got = raw(chat_server, one[:30], one[30:90], one[90:] + one + b"this is the end\r\n\r\n"), b""
    got = b"".join(answers)
    assert (got.count(b"HTTP/1.1 200 OK"), got.count(b"HTTP/1.1 400 ")) == (2, 1)
    assert (chat_server.counts().answered, chat_server.counts().connections) == (2, 1)


def test_a_client_s_connection_is_kept_for_its_next_request(chat_server: Server) -> None:
    with client(chat_server) as asking:
        for number in range(4):
            asking.chat.completions.create(**asked(str(number)))
    assert (chat_server.counts().requests, chat_server.counts().connections) == (4, 1)


@pytest.mark.parametrize(
    ("pretends", "status", "start"), [("html", 200, b"<!doctype"), ("nothing", 404, b"not found"), ("other_json", 200, b"{")]
)
def test_it_can_pass_for_a_server_of_another_kind(chat_server: Server, pretends: str, status: int, start: bytes) -> None:
    chat_server.set(pretends=pretends)
    got, _, body = post(chat_server, asked())
    assert got == status
    assert body.startswith(start)
    assert b"choices" not in body


def test_more_requests_than_a_minute_takes_are_told_when_there_is_room(chat_server: Server) -> None:
    chat_server.set(requests_per_minute=2, window_s=0.6, retry_after_s=None)
    assert [post(chat_server, asked(str(number)))[0] for number in range(3)] == [200, 200, 429]
    assert post(chat_server, asked())[1]["retry-after"] == "1"
    time.sleep(0.65)
    assert post(chat_server, asked())[0] == 200
    assert chat_server.counts().outcomes == {"answered": 3, "limited": 2}


def test_it_counts_what_it_was_asked_and_what_it_answered(chat_server: Server) -> None:
    answers = [say(chat_server, asked(word)) for word in ("a", "b", "a")]
    counts = chat_server.counts()
    assert (counts.requests, counts.distinct, counts.answered, counts.answered_again, counts.faults) == (3, 2, 3, 1, 0)
    assert counts.all_prompt_tokens == sum(answer.usage.prompt_tokens for answer in answers)
    assert counts.all_completion_tokens == sum(tokens(answer.choices[0].message.content) for answer in answers)
    chat_server.reset()
    assert chat_server.counts().requests == 0


def test_a_request_whose_client_leaves_before_the_answer_is_abandoned(chat_server: Server) -> None:
    chat_server.set(latency_ms=200)
    with pytest.raises(openai.APITimeoutError):
        client(chat_server, timeout=0.05).chat.completions.create(**asked())
    time.sleep(0.3)
    counts = chat_server.counts()
    assert (counts.outcomes, counts.prompt_tokens, counts.at_once) == ({"abandoned": 1}, {}, 0)


def test_the_last_requests_can_be_looked_at(chat_server: Server) -> None:
    chat_server.set(keep=2)
    for word in ("a", "b", "c"):
        client(chat_server, key="sesame").chat.completions.create(**asked(word, seed=7))
    seen = chat_server.requests()
    assert [request.body["messages"][-1]["content"] for request in seen] == ["b", "c"]
    assert (seen[0].path, seen[0].body["seed"]) == ("/v1/chat/completions", 7)
    assert seen[0].headers["authorization"] == "Bearer sesame"


@pytest.mark.parametrize(
    ("config", "named"),
    [({"latency": 1}, "latency_ms"), ({"faults": ["fire"]}, "cut_off"), ({"fault_rate": 2}, "from 0 to 1"), ({"texts": []}, "texts")],
)
def test_a_knob_that_there_is_not_is_refused_by_name(chat_server: Server, config: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        chat_server.set(**config)
    with pytest.raises(ValueError, match=named), serving(**config):
        pass


def test_a_server_ends_with_its_block() -> None:
    with serving() as server:
        assert post(server, asked())[0] == 200
    with pytest.raises(ConnectionRefusedError):
        post(server, asked())


def test_a_server_ends_with_the_process_that_started_it_however_that_goes() -> None:
    code = (
        "import os\nfrom tests.serving.running import serving\n"
        "with serving() as s:\n    print(s.port, flush=True)\n    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    server = Server(int(done.stdout))
    deadline = time.monotonic() + 10
    while is_up(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_up(server)


def test_it_runs_by_hand_and_says_where() -> None:
    command = [sys.executable, "-m", "tests.serving", "--port", "0", "--latency", "1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split("/v1")[0]
            assert post(Server(int(url.rpartition(":")[2])), asked())[0] == 200
        finally:
            process.terminate()


def is_up(server: Server) -> bool:
    try:
        server.counts()
    except ConnectionError:
        return False
    return True
