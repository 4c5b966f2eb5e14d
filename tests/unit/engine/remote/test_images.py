"""A page's image as it is sent: never larger than the model sees, scaled once, and never up."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from ocrd.engine.remote.images import prepared
from ocrd.engine.remote.profiles import Profile, shipped

PLAIN = Profile("plain", longest_side=1000)


def drawn(tmp_path: Path, size: tuple[int, int], mode: str = "L") -> Path:
    path = tmp_path / "page.pnm"
    Image.effect_noise(size, 90).convert(mode).save(path)
    return path


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_page_of_the_right_size_is_sent_dot_by_dot(tmp_path: Path, mode: str) -> None:
    path = drawn(tmp_path, (707, 1000), mode)
    sent = prepared(path, PLAIN)
    assert (sent.media_type, sent.width, sent.height) == ("image/png", 707, 1000)
    with Image.open(io.BytesIO(sent.body)) as image, Image.open(path) as page:
        assert image.mode == mode
        assert image.tobytes() == page.tobytes()
    head, _, code = sent.url.partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(code) == sent.body


def test_a_small_page_is_not_made_larger(tmp_path: Path) -> None:
    sent = prepared(drawn(tmp_path, (60, 80)), PLAIN)
    assert (sent.width, sent.height) == (60, 80)


@pytest.mark.parametrize(
    ("size", "profile", "expected"),
    [
        ((2000, 1000), PLAIN, (1000, 500)),
        ((1000, 4000), PLAIN, (250, 1000)),
        ((4000, 1), PLAIN, (1000, 1)),
        ((900, 900), replace(PLAIN, most_pixels=250_000), (500, 500)),
        ((4000, 1000), replace(PLAIN, most_pixels=62_500), (500, 125)),
    ],
)
def test_a_large_page_is_as_large_as_the_model_sees(
    tmp_path: Path, size: tuple[int, int], profile: Profile, expected: tuple[int, int]
) -> None:
    sent = prepared(drawn(tmp_path, size), profile)
    assert (sent.width, sent.height) == expected


def test_a_jpeg_is_sent_where_the_profile_says_so(tmp_path: Path) -> None:
    sent = prepared(drawn(tmp_path, (100, 140)), replace(PLAIN, image="jpeg"))
    assert sent.media_type == "image/jpeg"
    with Image.open(io.BytesIO(sent.body)) as image:
        assert (image.format, image.size) == ("JPEG", (100, 140))


def test_what_is_too_large_for_a_server_is_a_jpeg_and_then_a_smaller_one(tmp_path: Path) -> None:
    path = drawn(tmp_path, (707, 1000))  # noise: a PNG of 700,000 bytes
    whole = prepared(path, replace(PLAIN, most_bytes=500_000))
    assert (whole.media_type, whole.width) == ("image/jpeg", 707)
    assert len(whole.body) <= 500_000
    small = prepared(path, replace(PLAIN, most_bytes=60_000))
    assert len(small.body) <= 60_000
    assert small.width < 707


def test_no_shipped_profile_asks_for_a_page_to_be_scaled_twice() -> None:
    """What a page is drawn at (Hello.longest_side) is what an A4 page is sent at."""
    for profile in shipped().values():
        width, height = round(profile.longest_side / 2**0.5), profile.longest_side
        most = profile.most_pixels or width * height
        assert width * height <= 1.001 * most, profile.name
