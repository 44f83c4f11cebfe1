"""How sessions go, as flags say it: how long, who chooses, how far is looked ahead."""

from __future__ import annotations

import argparse

from agents import HUMAN, SessionSnapshot, UsageError


def session_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that `run` and `generate` share."""
    how = parser.add_argument_group("how it goes")
    how.add_argument("--turns", type=int, default=20, metavar="N", help="the most turns (default 20)")
    how.add_argument("--chooser", metavar="NAME", help="best (default), sampled, or care:LEVEL")
    how.add_argument("--care-level", type=float, metavar="X", help="always answer at this care level, 0 to 1; the same as --chooser care:X")
    how.add_argument("--look-ahead", type=int, default=1, metavar="K", help="how many of the Seeker's answers to foresee (default 1)")
    how.add_argument(
        "--foresee", choices=["on", "off"], default="on", help="off saves the foreseen answers; stabilisation is then not measured"
    )
    how.add_argument("--cold", action="store_true", help="propose a deliberately poor reply as well, as a negative")


def session_settings(args: argparse.Namespace) -> SessionSnapshot:
    """The settings of a session, without anybody in a chair yet."""
    if args.turns < 1:
        raise UsageError(f"--turns {args.turns} plays nothing. Give 1 or more.")
    if args.look_ahead < 0 or args.look_ahead > 10:
        raise UsageError(f"--look-ahead {args.look_ahead} is not between 0 and 10.")
    if args.chooser == HUMAN:
        raise UsageError("--chooser human is `sim.py run --interactive`: you choose or write each reply.")
    if args.chooser and args.care_level is not None:
        raise UsageError("--chooser and --care-level contradict: both say which reply is given. Leave one of them out.")
    if args.foresee == "off" and args.look_ahead > 1:
        raise UsageError("--foresee off and --look-ahead contradict. Leave one of them out.")
    return SessionSnapshot(
        models={},
        chooser=args.chooser or ("best" if args.care_level is None else f"care:{args.care_level:g}"),
        turn_limit=args.turns,
        look_ahead=0 if args.foresee == "off" else args.look_ahead,
        cold=args.cold,
    )
