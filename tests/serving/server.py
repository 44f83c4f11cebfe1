"""The routes of the test server, and what it remembers of its requests. What is said, and what goes wrong, is told by others."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from dataclasses import replace
from hashlib import sha256
from typing import Any

from tests.serving.answers import json_asked, words_for
from tests.serving.behaviour import Behaviour, Fault, nth
from tests.serving.connection import Connection, Playback, Request, reply
from tests.serving.counts import Counts
from tests.serving.faults import BILLED, PAGE, instead, spoil, streamed, struck, too_many, whole
from tests.serving.replies import Answer, error, first_words, models, prompt_tokens, tokens


class ChatServer:
    """Answers requests by its behaviour. The same body always gets the same answer; what goes wrong before depends on how often it came."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._forget()

    def _forget(self) -> None:
        self.counts = Counts()
        self._seen: dict[bytes, int] = {}
        self._answered: set[bytes] = set()
        self._let_in: deque[float] = deque()
        self._scripted = 0
        self._worded = 0
        self._last: deque[Request] = deque(maxlen=self.behaviour.keep)

    def answer(self, request: Request) -> Playback:
        """The reply to any request."""
        path, _, query = request.path.partition("?")
        if path.startswith("/control/"):
            return Playback((self._control(path.removeprefix("/control/"), query, request.body),))
        self._last.append(request)
        match self.behaviour.pretends:
            case "html":
                return Playback((reply(200, PAGE, "text/html"),))
            case "nothing":
                return Playback((reply(404, b"not found", "text/plain"),))
            case "other_json":
                return Playback((reply(200, b'{"status":"ok","items":[]}'),))
        match request.method, path:
            case "GET", "/v1/models" if self.behaviour.lists_models:
                return Playback((self._refusal_of_key(request) or models(self.behaviour.models),))
            case "POST", "/v1/chat/completions":
                return self._chat(request)
        return Playback((error(404, f"Unknown request URL: {request.method} {path}", "unknown_url"),))

    def _control(self, what: str, query: str, body: bytes) -> bytes:
        match what:
            case "counts":
                self.counts.cpu_s = time.process_time()
                return reply(200, json.dumps(self.counts.to_json()).encode())
            case "requests":
                kept = [*self._last][-int(query.removeprefix("last=") or 1) :]
                told = [{"path": r.path, "headers": r.headers, "body": r.body.decode(errors="replace")} for r in kept]
                return reply(200, json.dumps(told).encode())
            case "reset":
                self._forget()
            case "set":
                try:
                    self.behaviour = self.behaviour.changed(json.loads(body))
                except (TypeError, ValueError) as wrong:
                    return error(400, str(wrong))
                self._scripted = self._worded = 0
                self._last = deque(self._last, maxlen=self.behaviour.keep)
        return reply(200, b"{}")

    def _chat(self, request: Request) -> Playback:
        self.counts.requests += 1
        self.counts.connections += request.first
        digest = sha256(request.body).digest()
        seen = self._seen.get(digest, 0)
        self._seen[digest] = seen + 1
        self.counts.distinct = len(self._seen)
        if locked_out := self._refusal_of_key(request):
            return self._now("unauthorised", locked_out)
        try:
            body = json.loads(request.body)
            model, messages = body["model"], body["messages"]
            prompted = prompt_tokens(messages)
        except (ValueError, TypeError, KeyError, AttributeError):
            return self._now("bad_request", error(400, "We could not parse the JSON body of your request.", "bad_request"))
        if refused := self._refusal_of(body, model, prompted):
            return self._now(*refused)
        if (room_in_s := self._until_room()) > 0:
            return self._now("limited", too_many(self.behaviour, room_in_s))
        fault = self._fault(digest, seen, asked=json_asked(body))
        if playback := instead(fault, self.behaviour):
            self.counts.came(str(fault))
            return playback
        return self._answer(digest, body, Answer(f"chatcmpl-{digest.hex()[:24]}", model, "", prompted), fault)

    def _answer(self, digest: bytes, body: dict[str, Any], answer: Answer, fault: Fault | None) -> Playback:
        behaviour, words = self.behaviour, words_for(body, self.behaviour, self._worded)
        most = most_tokens(body)
        cut = 0 < most < tokens(words)
        worded = replace(answer, text=first_words(words, most) if cut else words, finish="length" if cut else "stop")
        said = spoil(worded, fault)
        self.counts.at_once += 1
        self.counts.most_at_once = max(self.counts.most_at_once, self.counts.at_once)
        wait_s = behaviour.latency_s(self._worded)
        self._worded += 1

        def done(written: bool) -> None:
            self._played(digest, said, fault, written)

        if body.get("stream"):
            usage = bool((body.get("stream_options") or {}).get("include_usage"))
            return streamed(said, fault, behaviour, wait_s, done, usage=usage)
        return whole(said, fault, behaviour, wait_s, done)

    def _played(self, digest: bytes, said: Answer, fault: Fault | None, written: bool) -> None:
        outcome = (fault or "answered") if written else "abandoned"
        self.counts.at_once -= 1
        self.counts.came(outcome)
        if written and (fault is None or fault in BILLED):
            self.counts.billed(outcome, said.prompt_tokens, said.completion_tokens)
        if outcome == "answered":
            self.counts.answered_again += digest in self._answered
            self._answered.add(digest)

    def _now(self, outcome: str, sent: bytes) -> Playback:
        self.counts.came(outcome)
        return Playback((sent,))

    def _fault(self, digest: bytes, seen: int, *, asked: bool) -> Fault | None:
        if self.behaviour.refuses:
            return self.behaviour.refuses
        if self._scripted < len(self.behaviour.script):
            self._scripted += 1
            return nth(self.behaviour.script, self._scripted - 1)  # type: ignore[no-any-return]
        return struck(self.behaviour, digest, seen, json_asked=asked)

    def _until_room(self) -> float:
        """How long until one more request may come in, in seconds; if it may now, it has."""
        most, now = self.behaviour.requests_per_minute, time.monotonic()
        if most is None:
            return 0.0
        while self._let_in and self._let_in[0] <= now - self.behaviour.window_s:
            self._let_in.popleft()
        if len(self._let_in) >= most:
            return self._let_in[0] + self.behaviour.window_s - now
        self._let_in.append(now)
        return 0.0

    def _refusal_of_key(self, request: Request) -> bytes | None:
        if self.behaviour.key is None or request.headers.get("authorization") == f"Bearer {self.behaviour.key}":
            return None
        return error(401, "Incorrect API key provided.", "invalid_api_key")

    def _refusal_of(self, body: dict[str, Any], model: str, prompted: int) -> tuple[str, bytes] | None:
        """What the request asks that this server cannot give."""
        known, context = self.behaviour.models, self.behaviour.context
        wanted = prompted + most_tokens(body)
        if known and model not in known:
            return "unknown_model", error(404, f"The model `{model}` does not exist or you do not have access to it.", "model_not_found")
        if context is not None and wanted > context:
            message = f"This model's maximum context length is {context} tokens. However, you requested {wanted} tokens."
            return "context_overflow", error(400, message, "context_length_exceeded")
        if self.behaviour.structured == "refused" and "response_format" in body:
            return "bad_request", error(400, "'response_format' is not supported with this model.", "unsupported_parameter")
        if body.get("n", 1) != 1:
            return "bad_request", error(400, "This server gives one answer a request.", "unsupported_value")
        return None


async def serve(chat: ChatServer, port: int = 0) -> asyncio.Server:
    """A server that listens on loopback, on any free port if none is named."""

    def connect() -> Connection:
        return Connection(chat.answer)

    return await asyncio.get_running_loop().create_server(connect, "127.0.0.1", port, backlog=2048)


def most_tokens(body: dict[str, Any]) -> int:
    """How many tokens an answer may have; 0 for as many as it likes."""
    return int(body.get("max_completion_tokens") or body.get("max_tokens") or 0)
