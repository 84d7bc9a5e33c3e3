"""`voiceslot serve`: the engine in the foreground, for systemd and for who likes to see it run."""

from __future__ import annotations

import os

import click

from voiceslot_tui.cli.asking import ENV_FILE
from voiceslot_tui.cli.explained import Explained
from voiceslot_tui.cli.failures import say
from voiceslot_tui.paths import make_folders, paths
from voiceslot_tui.settings import load


@click.command(
    cls=Explained,
    examples=(
        "voiceslot serve",
        "voiceslot serve --paused",
        "VOICESLOT_DATA_DIR=/srv/voiceslot voiceslot serve",
    ),
)
@click.option("--demo", is_flag=True, hidden=True, help="As the demo starts it: ignores .env.")
@click.option("--paused", is_flag=True, help="Pause calls and messages before anything starts.")
def serve(demo: bool, paused: bool) -> int:
    """Run the engine in the foreground.

    It listens for producers and webhooks, dials, and answers consoles and commands until it is told
    to stop (SIGTERM, Ctrl-C). Stopping hangs nothing up: live calls go on and are found again at
    the next start. Wrong settings are listed, all of them, before anything starts. With --paused
    nobody is called or written to until an operator resumes, which a database that was put back
    from a backup needs: what it holds as waiting may have been done since.
    """
    from voiceslot_tui import bootstrap
    from voiceslot_tui.link.server.socket_file import group_id_of

    settings = load(os.environ, None if demo else ENV_FILE)
    for warning in settings.warnings:
        say(f"warning: {warning}")
    places = paths(settings.voiceslot_data_dir)
    make_folders(places, group_id_of(settings.voiceslot_group))
    return bootstrap.run_engine(settings, places, demo=demo, paused=paused)
