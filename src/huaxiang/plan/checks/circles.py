"""Definitions that refer to each other in a circle."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from huaxiang.errors import Said
from huaxiang.plan.checks.findings import Findings
from huaxiang.spec.faults import SINGULAR
from huaxiang.spec.faults_zh import SINGULAR_ZH


def check(found: Findings) -> None:
    """Report each circle once, at the definition that comes first in the project."""
    graph = {node: set(inputs) for node, inputs in found.graph.items()}
    order = {node: i for i, node in enumerate(graph)}
    while True:
        try:
            TopologicalSorter(graph).prepare()
            return
        except CycleError as error:
            circle = list(error.args[1])[:-1][::-1]
            first = circle.index(min(circle, key=lambda node: order[node]))
            circle = [*circle[first:], *circle[:first]]
            shown = " → ".join(f'{SINGULAR[kind]} "{name}"' for kind, name in (*circle, circle[0]))
            shown_zh = " → ".join(f"{SINGULAR_ZH[kind]}“{name}”" for kind, name in (*circle, circle[0]))
            found.add(
                circle[0],
                (),
                "REF001",
                Said(
                    f"definitions refer to each other in a circle: {shown}; break it at one of them",
                    f"定义循环引用：{shown_zh}；请在其中一处断开",
                ),
            )
            graph[circle[0]].discard(circle[1 % len(circle)])
