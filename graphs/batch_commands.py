"""`sim.py generate`: many sessions, planned, played and gone on with."""

from __future__ import annotations

import argparse

from agents import Budget, Ids, Progress, RunId, SessionSnapshot, Terminal, UsageError, check_language, read_models_file
from graphs.batch import Means, Onlooker, Run, conduct, load_run, plan_run
from graphs.crew import Crew
from graphs.leaving import SharedFlag, interruptible
from graphs.line import HasKeys, Line, asks_models, chair_arguments, check_line, limit_arguments, line_of, models_of, seated
from graphs.manner import session_arguments, session_settings
from graphs.outcome import Tally
from graphs.request import Request, slugs
from replay import find_run
from store import RunEnded, open_log

_AT_ONCE = 8
"""Sessions at once in a process that waits for models."""


def generate_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py generate`."""
    parser.description = (
        "Plays many sessions. The plan is kept before the first call; Ctrl-C, a crash or a spent budget lose nothing, and "
        "`generate --resume RUN` does exactly what is missing."
    )
    what = parser.add_argument_group("what is played")
    what.add_argument(
        "--personas", default="69", metavar="WHO", help="a number of planned people (default 69), all, or ids, files and folders"
    )
    what.add_argument("--categories", metavar="KINDS", help="kinds of crisis, with commas between (default all)")
    what.add_argument("--per-persona", type=int, default=1, metavar="N", help="sessions with each of them (default 1)")
    what.add_argument("--seed", type=int, default=1, help="the root of every random draw (default 1)")
    what.add_argument("--plan", type=int, default=1, metavar="SEED", help="the plan that people come from (default 1)")
    what.add_argument("--language", metavar="TAG", default="en", help="what is spoken: en (default), es, … or native, each person's own")
    what.add_argument("--offset", type=int, default=0, metavar="N", help="leave the first N sessions out")
    what.add_argument("--limit", type=int, metavar="N", help="play at most N sessions")
    what.add_argument(
        "--skip-existing", action="store_true", help="leave out what the log has already: same person, crisis, seed, language"
    )
    what.add_argument("--resume", metavar="RUN", help="go on with a run that was stopped")
    session_arguments(parser)
    chair_arguments(parser)
    limit_arguments(parser)
    means = parser.add_argument_group("by what means")
    means.add_argument("--workers", type=int, default=1, metavar="W", help="processes (default 1); with --engine ray, tasks at once")
    means.add_argument(
        "--at-once", type=int, metavar="K", help=f"sessions at once in each process (default 1, or {_AT_ONCE} where models are asked)"
    )
    means.add_argument(
        "--engine", choices=["local", "ray"], default="local", help="this machine (default), or a Ray cluster with PostgreSQL"
    )
    means.add_argument("--address", metavar="ADDRESS", help="of a Ray cluster that is there already (default: one on this machine)")


def generate(args: argparse.Namespace, settings: HasKeys, terminal: Terminal) -> int:
    """Runs `sim.py generate`."""
    _check(args)
    run, line = _resumed(args, settings) if args.resume else _planned(args, settings)
    terminal.say(f"{run.id}: {len(run.planned.conversations)} sessions planned.")
    wanted = run.request.settings
    crew = Crew(wanted, line, args.at_once or (_AT_ONCE if asks_models(wanted) else 1))
    return _conduct(args, settings, terminal, run, crew)


def _planned(args: argparse.Namespace, settings: HasKeys) -> tuple[Run, Line]:
    """A new run, kept once everything that can be known of its models is known."""
    models, file = models_of(args)
    line, wanted = line_of(args, settings, file), seated(session_settings(args), models, args.base_url, file)
    check_language("en" if args.language == "native" else args.language, wanted.models)
    _look(args, settings, line, wanted)
    with open_log(settings.store, create=True) as log:
        return plan_run(log, Ids().run(), _request(args, wanted), line.budget, skip_existing=args.skip_existing), line


def _resumed(args: argparse.Namespace, settings: HasKeys) -> tuple[Run, Line]:
    """A run of the log, with the budget of its plan where no other one is given."""
    with open_log(settings.store) as log:
        run = load_run(log, RunId(find_run(log, args.resume)))
    line = _with_budget(line_of(args, settings, read_models_file(args.models) if args.models else None), run)
    _look(args, settings, line, run.request.settings)
    return run, line


def _look(args: argparse.Namespace, settings: HasKeys, line: Line, wanted: SessionSnapshot) -> None:
    """Finds what could not work, before anything is planned or played."""
    if args.workers > 1:
        line.shared(args.workers)
    if args.engine == "ray":
        from graphs.cluster import check_cluster

        check_cluster(line, settings.store)
    check_line(line, wanted)


def _conduct(args: argparse.Namespace, settings: HasKeys, terminal: Terminal, run: Run, crew: Crew) -> int:
    asked = asks_models(crew.settings)
    # What no model was paid for can be played again: only a power cut could lose its last turns.
    store = settings.store if asked else settings.store.model_copy(update={"durability": "normal"})
    means = Means(args.engine, args.workers, store, args.address)
    progress = Progress("Sessions", len(run.planned.conversations))

    spent = (0.0, 0)

    def tell(tally: Tally, now: tuple[float, int]) -> None:
        nonlocal spent
        spent = now
        progress.at(tally.over + tally.kinds["left"], _note(tally, now))

    flag = SharedFlag()
    with open_log(store) as log, interruptible(flag) as interrupted:
        tally, ended = conduct(log, run, crew, means, Onlooker(flag, tell))
    progress.close()
    _report(terminal, run, tally, ended, spent)
    if interrupted.yes:
        return 130
    return 0 if ended.outcome == "completed" else 1


def _note(tally: Tally, spent: tuple[float, int]) -> str:
    parts = [f"${spent[0]:.2f}" if spent[0] else "", f"{spent[1]:,} tokens" if spent[1] else ""]
    trouble = tally.kinds["failed"] + tally.kinds["left"]
    return ", ".join(filter(None, [*parts, f"{trouble} failed" if trouble else ""]))


def _report(terminal: Terminal, run: Run, tally: Tally, ended: RunEnded, spent: tuple[float, int]) -> None:
    terminal.result(
        {
            "id": run.id, "outcome": ended.outcome, "planned": tally.total, "done": tally.kinds["done"], "failed": tally.kinds["failed"],
            "missing": tally.missing, "reason": ended.reason, "cost": spent[0], "tokens": spent[1],
            "failures": [{"id": stream, "reason": reason} for stream, reason in tally.reasons],
        }
    )  # fmt: skip
    for stream, reason in tally.reasons[:5]:
        terminal.say(f"  {stream}: {reason}")
    if len(tally.reasons) > 5:
        terminal.say(f"  … and more: python sim.py runs show {run.id}")
    words = {"completed": "All done", "partly_failed": "Partly done", "stopped": "Stopped", "budget_spent": "The budget is spent"}
    cost = f" ${spent[0]:.4f}, {spent[1]:,} tokens." if spent[1] else ""
    terminal.say(
        f"{words[ended.outcome]}: {tally.kinds['done']} of {tally.total} sessions played to their end, {tally.kinds['failed']} failed, "
        f"{tally.missing} missing.{cost}"
    )
    if tally.hopeless:
        terminal.say(f"Given up: {tally.hopeless}")
    terminal.say(f"Next: python sim.py {f'generate --resume {run.id}' if tally.missing else f'runs show {run.id}'}")


_OF_THE_PLAN = (
    "personas", "categories", "per_persona", "seed", "plan", "language", "offset", "limit", "skip_existing", "turns", "chooser", "care_level",
    "look_ahead", "foresee", "cold", "seeker", "supporter", "judge", "base_url",
)  # fmt: skip
"""What a run that is gone on with has in its plan."""


def _check(args: argparse.Namespace) -> None:
    if args.resume:
        usual = argparse.ArgumentParser()
        generate_arguments(usual)
        if changed := [name for name in _OF_THE_PLAN if getattr(args, name) != usual.get_default(name)]:
            flag = changed[0].replace("_", "-")
            raise UsageError(f"--resume goes on with a run as it was planned, so --{flag} cannot change. Leave it out, or plan a new run.")
    for name in ("per_persona", "workers", "at_once", "limit"):
        if (value := getattr(args, name)) is not None and value < 1:
            raise UsageError(f"--{name.replace('_', '-')} {value} plays nothing. Give 1 or more.")
    if args.offset < 0:
        raise UsageError(f"--offset {args.offset} is negative. Give 0 or more.")
    if args.address and args.engine != "ray":
        raise UsageError("--address is of a Ray cluster. Add --engine ray, or leave it out.")


def _request(args: argparse.Namespace, wanted: SessionSnapshot) -> Request:
    return Request(
        personas=args.personas, categories=slugs(args.categories), per_persona=args.per_persona, seed=args.seed, plan=args.plan,
        language=args.language, offset=args.offset, limit=args.limit, settings=wanted,
    )  # fmt: skip


def _with_budget(line: Line, run: Run) -> Line:
    """The line with the budget of the plan, where no other one is given."""
    planned = Budget(**run.planned.budget)  # type: ignore[arg-type]
    given = line.budget
    return line.under(Budget(given.max_cost or planned.max_cost, given.max_tokens or planned.max_tokens))


COMMANDS = {"generate": (generate_arguments, generate)}
"""Command to the function that declares its words and the one that runs it."""
