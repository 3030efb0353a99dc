import re
from pathlib import Path
from xml.etree import ElementTree

import jinja2
import pytest

from training.pages import render
from training.plots import axes, figure, lines, save_png, svg

SERIES = {"one & <two>": [(0.0, 1.0), (1.0, 3.0)], "three": [(0.0, 2.0), (1.0, 0.5)]}


def drawn() -> str:
    picture = figure()
    lines(axes(picture)[0], SERIES, x_label="epoch", y_label="F1")
    return svg(picture, "same")


def test_a_plot_is_one_svg_element_that_fills_its_width_and_fetches_nothing() -> None:
    root = ElementTree.fromstring(drawn())
    assert root.tag.endswith("svg")
    assert root.get("width") == "100%"
    assert root.get("height") is None
    assert root.get("viewBox")
    assert not re.search(r"(?:src|href)=\"(?!#)", drawn())
    assert "one &amp; &lt;two&gt;" in drawn()


def test_the_same_data_give_the_same_plot() -> None:
    assert drawn() == drawn()


def test_two_plots_of_one_page_share_no_id() -> None:
    ids = []
    for _ in range(2):
        picture = figure()
        axes(picture)[0].imshow([[1.0, 2.0]])
        ids.append(set(re.findall(r'id="([^"]+)"', svg(picture))))
    assert ids[0]
    assert not ids[0] & ids[1]


def test_plots_are_files_of_their_own_too(tmp_path: Path) -> None:
    picture = figure()
    axes(picture, 1, 2)
    save_png(picture, tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]


def test_a_page_escapes_its_values_and_wants_all_of_them() -> None:
    assert "<title>a &lt;b&gt;</title>" in render("base.html.j2", title="a <b>")
    with pytest.raises(jinja2.UndefinedError):
        render("base.html.j2")
