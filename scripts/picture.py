"""Makes docs/console.svg, the picture in README: the real console on a real engine, simulated calls.

`make picture` runs it: a simulator and an engine of its own, some invented people, and the console at
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
    from voiceslot_tui.link.client import Watch

    app = OperatorApp(Watch(socket_path), report_folder=socket_path.parent, demo=True)
    async with app.run_test(size=SIZE) as pilot:
        until = asyncio.get_running_loop().time() + WATCHED_S
        while asyncio.get_running_loop().time() < until:
            await pilot.pause(0.25)
        return app.export_screenshot(title="voiceslot")


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
            socket_path = wait_for_socket(Path(folder))
            svg = without_addresses(asyncio.run(drawn(socket_path)))
        finally:
            demo.terminate()
            demo.wait(20)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(svg, "utf-8")


def wait_for_socket(folder: Path) -> Path:
    """Wait until the demo's engine can be attached to."""
    import time

    until = time.monotonic() + 20
    while time.monotonic() < until:
        for found in folder.rglob("voiceslot.sock"):
            return found
        time.sleep(0.2)
    raise SystemExit("the demo's engine did not start")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
