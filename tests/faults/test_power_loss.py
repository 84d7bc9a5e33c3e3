"""The power goes away: whatever is on the disk opens, is of one moment, and nobody is rung twice.

An image taken whole holds all that was acknowledged and every dial that ever left. An image whose
log ends earlier, or ends in rubbish, is an earlier moment: never a mixture. (Frames that a
checkpoint has begun to copy are left alone: SQLite makes them safe before it copies the first one.)
"""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.judge import ENV, WORLD, all_over, judge
from tests.e2e.rig import Rig, rig, wait_for
from tests.faults.images import (
    NAME,
    Image,
    Producer,
    attempts,
    journal,
    open_with_our_store,
    people,
    suspended,
    take,
)

LOADED = {**WORLD, "ring_s": 0.02, "talk_s": 0.1, "analysis_s": 0.02}


def images_under_load(made: Rig, count: int, chance: random.Random) -> list[Image]:
    """Take images of an engine at work, at moments that chance picks."""
    producer = Producer(made, 2_000)
    images: list[Image] = []
    with producer.ordering():
        wait_for("some are promised", lambda: len(producer.acknowledged) > 10)
        while len(images) < count:
            time.sleep(chance.uniform(0.01, 0.3))
            with suspended(made):
                images.append(take(made, producer))
    return images


def whole_image_holds_all(image: Image, folder: Path) -> None:
    """Look whether a whole image has every promise and every dial that was made before it."""
    path = image.lay(folder)
    assert image.acknowledged <= set(people(path)), "a promise is missing"
    assert image.dialled <= attempts(path), "a dial without a record"
    open_with_our_store(path)


def shortened(image: Image, chance: random.Random) -> Iterator[tuple[int, bytes]]:
    """Give logs that end too early, are torn, or have one bad byte; and up to where they are whole.

    What a checkpoint has begun to copy is left whole.
    """
    end = image.log.end
    if end <= image.log.copied:
        return
    cut = chance.randrange(image.log.copied, end)
    yield cut, image.wal[:cut]
    torn = chance.randrange(image.log.copied, end)
    yield torn, image.wal[:torn] + chance.randbytes(len(image.wal) - torn)
    bad = chance.randrange(image.log.copied, end)
    rest = image.wal[bad + 1 :]
    yield bad, image.wal[:bad] + bytes([image.wal[bad] ^ 1 << chance.randrange(8)]) + rest


def shortened_image_is_earlier(
    image: Image, before: Image, wal: bytes, whole_to: int, folder: Path
) -> int:
    """Look whether an image with less of a log is an earlier moment; give how many calls it lost.

    Where all of an earlier image's log is left, or was copied into the file since, so is all that
    was acknowledged by then.
    """
    full = image.lay(folder / "full")
    all_people, all_lines = people(full), journal(full)
    path = image.lay(folder / "less", wal)
    open_with_our_store(path)
    found, lines = people(path), journal(path)
    assert found == all_people[: len(found)]
    assert lines == all_lines[: len(lines)]
    if image.log.salts != before.log.salts or before.log.end <= whole_to:
        assert before.acknowledged <= set(found)
        assert before.dialled <= attempts(path)
    return len(all_people) - len(found)


def judge_images(images: list[Image], folder: Path, chance: random.Random) -> tuple[int, int]:
    """Look at every image, whole and shortened; give how many were shortened, and calls lost."""
    lost, count = 0, 0
    for before, image in pairwise([images[0], *images]):
        whole_image_holds_all(image, folder / "whole")
        for whole_to, wal in shortened(image, chance):
            lost += shortened_image_is_earlier(image, before, wal, whole_to, folder)
            count += 1
    return count, lost


def test_a_few_images_of_a_working_engine_are_each_of_one_moment(tmp_path: Path) -> None:
    chance = random.Random(4)
    with rig(tmp_path / "rig", ENV, **LOADED) as made:
        made.start()
        images = images_under_load(made, 4, chance)
        made.kill()
    count, lost = judge_images(images, tmp_path, chance)
    print(f"{len(images)} whole and {count} shortened images; the shortened ones lack {lost} calls")
    assert count > 0
    assert lost > 0, "nothing was cut off: this test has tested nothing"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(5))
def test_a_hundred_images_of_a_working_engine_are_each_of_one_moment(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(seed)
    with rig(tmp_path / "rig", ENV, **{**LOADED, "seed": seed}) as made:
        made.start()
        images = images_under_load(made, 20, chance)
        made.kill()
    count, lost = judge_images(images, tmp_path, chance)
    generations = len({image.log.salts for image in images})
    row = f"power loss, seed {seed}: {len(images)} whole and {count} shortened images of "
    record_property("figures", f"{row}{generations} logs, {lost} calls cut off, none torn")
    assert lost > 0


def cut_the_power(made: Rig, producer: Producer, chance: random.Random) -> Image:
    """End the engine, and leave on its disk what was there at one moment, then rubbish."""
    with suspended(made):
        image = take(made, producer)
        made.kill(signal.SIGKILL)
    shutil.rmtree(made.data_dir)
    image.lay(made.data_dir, image.wal[: image.log.end] + chance.randbytes(chance.randrange(9_000)))
    made.data_dir.chmod(0o700)
    return image


def cut_and_start_again(folder: Path, cuts: int, count: int, seed: int) -> dict[str, object]:
    """Cut the power of a working engine again and again; give what the judge found."""
    chance = random.Random(seed)
    with rig(folder, ENV, **{**WORLD, "talk_s": 0.3, "seed": seed}) as made:
        made.start()
        producer = Producer(made, count)
        with producer.ordering():
            for _ in range(cuts):
                time.sleep(chance.uniform(0.05, 0.6))
                cut_the_power(made, producer, chance)
                made.start()
            wait_for("all are promised", lambda: producer.finished)
        wait_for("all calls are over", lambda: all_over(made), 60, 0.2)
        made.kill(signal.SIGTERM)
        assert set(people(made.data_dir / NAME)) == set(producer.acknowledged)
        return judge(made, count)


@pytest.mark.timeout(120)
def test_three_power_cuts_under_load_ring_nobody_twice(tmp_path: Path) -> None:
    """The engine is started on the image, against the same people."""
    figures = cut_and_start_again(tmp_path, 3, 60, seed=1)
    print(figures)
    assert figures["unknown_although_rung"] == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_power_cuts_under_load_ring_nobody_twice(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Ten campaigns of twenty power cuts each."""
    figures = cut_and_start_again(tmp_path, 20, 200, seed=200 + seed)
    record_property("figures", f"power cut, seed {seed}, 20 cuts: {figures}")
    assert figures["unknown_although_rung"] == 0
