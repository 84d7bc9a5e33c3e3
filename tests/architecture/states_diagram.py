"""The states of a call as the README draws them, written from the table of transitions.

`python -m tests.architecture.states_diagram` prints what belongs between the `<!-- states -->`
marks of the README.
"""

from __future__ import annotations

from itertools import groupby

from voiceslot_tui.core.calls import FINAL_STATES, HOLDING_STATES, TRANSITIONS, CallState, Step


def diagram() -> str:
    """Draw the table as a mermaid state diagram, fenced, in the table's own order."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {CallState.QUEUED}: enqueued"]
    lines += [f"    {start} --> {target}: {words}" for start, target, words in _arrows()]
    lines += [f"    {state} --> [*]" for state in CallState if state in FINAL_STATES]
    lines.append("    classDef holding stroke-width:3px")
    held = ",".join(state for state in CallState if state in HOLDING_STATES)
    lines += [f"    class {held} holding", "```"]
    return "\n".join(lines)


def _arrows() -> list[tuple[CallState, CallState, str]]:
    """Give one arrow for each pair of states, labelled with every step that leads along it."""
    rows: list[tuple[CallState, CallState, Step]] = [
        (start, target, step)
        for (start, step), targets in TRANSITIONS.items()
        for target in targets
    ]
    rows.sort(key=lambda row: (list(CallState).index(row[0]), list(CallState).index(row[1])))
    return [
        (start, target, " / ".join(step for _, _, step in group))
        for (start, target), group in groupby(rows, key=lambda row: row[:2])
    ]


if __name__ == "__main__":
    print(diagram())
