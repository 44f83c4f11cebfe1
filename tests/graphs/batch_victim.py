"""A process that goes on with a batch and may be killed at any moment: `python -m tests.graphs.batch_victim LOG RUN AT_ONCE`."""

from __future__ import annotations

import sys

from agents import RunId
from graphs.session import compiled
from store import StoreSettings, open_log
from tests.graphs.batches import again


def main() -> None:
    path, run, at_once = sys.argv[1:]
    compiled()
    with open_log(StoreSettings(log=path)) as log:
        played = again(log, RunId(run), at_once=int(at_once))
        print("playing", flush=True)
        played.play()


if __name__ == "__main__":
    main()
