"""How a plan is spread: cities, decades, ages, kinds of crisis, as CSV, PNG and one page of HTML. It counts and draws; it plans nothing."""

from __future__ import annotations

import csv
import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.atlas.atlas import find
from agents.crises.catalogue import categories
from agents.ground.errors import VigilError
from agents.personas.plan import Plan


class StatisticsError(VigilError):
    """Statistics cannot be drawn here."""


@dataclass(frozen=True)
class Spread:
    """One distribution."""

    name: str
    title: str
    counts: Mapping[str, float]


def spreads(plan: Plan) -> list[Spread]:
    """Every distribution of a plan."""
    cells = plan.cells
    span = {category.name: category.oldest - category.youngest + 1 for category in categories()}
    kinds = Counter(cell.category.name for cell in cells)
    decades = Counter(f"{identity.life.birth_year // 10 * 10}s" for identity in plan.families)
    per_year = {name: round(count / span[name], 3) for name, count in kinds.items()}
    return [
        Spread("categories_per_year", "Persona-ages by kind of crisis, for each year of the kind's span", _ranked(per_year)),
        Spread("categories", "Persona-ages by kind of crisis", _ranked(kinds)),
        Spread("decades", "Families by decade of birth", dict(sorted(decades.items()))),
        Spread("ages", "Persona-ages by age", {str(age): n for age, n in sorted(Counter(cell.age for cell in cells).items())}),
        Spread("parts", "Families by part of the world", _ranked(Counter(find(i.life.home.city).part for i in plan.families))),
        Spread("sexes", "Families by sex", _ranked(Counter(i.life.sex for i in plan.families))),
        Spread("splits", "Families by split", _ranked(Counter(i.split for i in plan.families))),
        Spread("cities", "Persona-ages by city of birth", _ranked(Counter(cell.identity.life.home.city for cell in cells))),
    ]


def by_decade(plan: Plan) -> tuple[list[str], dict[str, Counter[str]]]:
    """Kinds of crisis by the decade in which they happen: the decades, and for each kind its counts."""
    table: dict[str, Counter[str]] = {category.name: Counter() for category in categories()}
    for cell in plan.cells:
        table[cell.category.name][cell.identity.life.decade(cell.age)] += 1
    return sorted({decade for counts in table.values() for decade in counts}), table


def _ranked(counts: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def balance(plan: Plan) -> dict[str, float]:
    """The largest count over the smallest: of kinds for each year of their span, and of birth decades."""
    found = {spread.name: list(spread.counts.values()) for spread in spreads(plan)}
    return {name: round(max(found[name]) / min(found[name]), 3) for name in ("categories_per_year", "decades", "ages", "cities")}


def write_statistics(plan: Plan, folder: Path) -> list[Path]:
    """Writes all of it into a folder and returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    drawn = spreads(plan)
    for spread in drawn:
        table, picture = folder / f"{spread.name}.csv", folder / f"{spread.name}.png"
        _write_csv(table, (spread.name, "count"), list(spread.counts.items()))
        draw_bars(spread, picture)
        written += [table, picture]
    decades, kinds = by_decade(plan)
    across = folder / "categories_by_decade.csv"
    _write_csv(across, ("category", *decades), [(name, *(counts[decade] for decade in decades)) for name, counts in kinds.items()])
    page = folder / "index.html"
    page.write_text(_page(plan, drawn), encoding="utf-8")
    return [*written, across, page]


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def draw_bars(spread: Spread, path: Path) -> None:
    """A bar chart with its labels, as PNG."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise StatisticsError(f"Pictures need matplotlib ({error}). Run pip install -e '.[plots]' -c constraints.txt") from None
    names, values = list(spread.counts), list(spread.counts.values())
    figure = Figure(figsize=(8, 1 + 0.16 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.barh(names, values, color="#345c72")
    axes.axvline(sum(values) / len(values), color="#b9b3a4", linewidth=1)
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.tick_params(axis="y", labelsize=6, length=0)
    axes.set_title(spread.title, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _page(plan: Plan, drawn: Sequence[Spread]) -> str:
    sections = "".join(_section(spread) for spread in drawn) + _across(plan)
    facts = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in balance(plan).items())
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>The plan</title><style>"
        "body{font:15px/1.5 Georgia,serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fcfbf8}"
        "h2{margin:2.5rem 0 .5rem;font-size:1.1rem}table{border-collapse:collapse;width:100%}td{padding:.05rem .5rem .05rem 0}"
        "td:nth-child(2){text-align:right;width:4rem;font-variant-numeric:tabular-nums}.b{background:#345c72;height:.6rem}.n td,.n th{font-size:.8rem;font-weight:normal;width:auto}.n td+td,.n th{text-align:right}</style>"
        f"<h1>A plan of {len(plan.families)} families</h1><p>{len(plan.cells):,} persona-ages, seed {plan.seed}. "
        f"Largest over smallest: {html.escape(facts)}. Everybody in it is invented.</p>{sections}</html>\n"
    )


def _section(spread: Spread) -> str:
    most = max(spread.counts.values())
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{value:g}</td><td style='width:55%'><div class='b' style='width:{100 * value / most:.1f}%'></div></td></tr>"
        for name, value in spread.counts.items()
    )
    return f"<h2>{html.escape(spread.title)}</h2><table>{rows}</table>"


def _across(plan: Plan) -> str:
    decades, kinds = by_decade(plan)
    head = "".join(f"<th>{decade}</th>" for decade in ("", *decades))
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td>" + "".join(f"<td>{counts[d]}</td>" for d in decades) + "</tr>" for name, counts in kinds.items()
    )
    return f"<h2>Kinds of crisis by the decade in which they happen</h2><table class='n'><tr>{head}</tr>{rows}</table>"
