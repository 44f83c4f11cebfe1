"""The turn graph as a picture, without a browser or a service: boxes from top to bottom, the way back at the side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agents import UsageError


def draw_png(edges: Sequence[tuple[str, str, bool]], path: Path) -> None:
    """Draws edges (source, target, conditional) into a PNG file."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("A picture needs matplotlib: pip install 'vigil[plots]'. The Mermaid text needs nothing.") from None
    names = _in_order(edges)
    height = {name: -float(number) for number, name in enumerate(names)}
    figure = Figure(figsize=(4.6, 0.9 * len(names)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-1.4, 2.0)
    axes.set_ylim(-len(names) + 0.4, 0.6)
    for name in names:
        shape = "round,pad=0.35" if name.startswith("__") else "square,pad=0.45"
        label = name.strip("_").replace("_", " ")
        axes.text(0, height[name], label, ha="center", va="center", fontsize=11, bbox={"boxstyle": shape, "fc": "#f4f1ea", "ec": "#555"})
    for source, target, conditional in edges:
        line = "--" if conditional else "-"
        if height[target] > height[source]:
            around = ((0.62, height[source]), (1.7, height[source]), (1.7, height[target]), (0.52, height[target]))
            axes.plot(*zip(*around, strict=True), color="#555", linestyle=line, linewidth=1)
            axes.annotate("", xy=around[3], xytext=(1.0, height[target]), arrowprops={"arrowstyle": "->", "color": "#555"})
        else:
            style = {"arrowstyle": "->", "color": "#555", "linestyle": line, "shrinkA": 14, "shrinkB": 14}
            axes.annotate("", xy=(0, height[target]), xytext=(0, height[source]), arrowprops=style)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _in_order(edges: Sequence[tuple[str, str, bool]]) -> list[str]:
    """The nodes from the start on, each after the one that leads to it; the end last."""
    names = ["__start__"]
    while following := [target for source, target, _ in edges if source in names and target not in names and target != "__end__"]:
        names.append(following[0])
    return [*names, "__end__"]
