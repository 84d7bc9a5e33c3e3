"""Makes docs/console.svg, the picture in README: the real console on a real engine.

`make picture` runs it: a demo of its own with a simulator and invented people, and the console at
120x40, drawn by Textual itself.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "console.svg"
SIZE = (120, 40)
WATCHED_S = 14.0


async def drawn(socket_path: Path) -> str:
    """Attach a console, let it run for a while, and give its picture."""
    from voiceslot_tui.console.operator_app import OperatorApp
    from voiceslot_tui.link.watch import Watch

    await until_there(socket_path)
    app = OperatorApp(Watch(socket_path), report_folder=socket_path.parent, demo=True)
    async with app.run_test(size=SIZE) as pilot:
        until = asyncio.get_running_loop().time() + WATCHED_S
        while asyncio.get_running_loop().time() < until:
            await pilot.pause(0.25)
        return app.export_screenshot(title="voiceslot")


async def until_there(socket_path: Path) -> None:
    """Wait until the demo's engine can be attached to."""
    async with asyncio.timeout(20):
        while not socket_path.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.2)  # noqa: TID251


def without_addresses(svg: str) -> str:
    """Leave out the fonts that would be loaded from elsewhere."""
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def main() -> None:
    """Make the picture anew."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "voiceslot_tui", "demo", "--seconds", "40", "--keep"]
        demo = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            svg = without_addresses(asyncio.run(drawn(Path(folder) / ".demo" / "voiceslot.sock")))
        finally:
            demo.terminate()
            demo.wait(20)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(svg, "utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
