from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from dialsum.records import pictures

CURVES = "step,epoch,loss,eval_loss,eval_rouge_sum,learning_rate,grad_norm\n"


def sizes(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in sorted(folder.iterdir()):
        with Image.open(path) as picture:
            found[path.name] = picture.size
    return found


def test_a_panel_for_each_curve_that_has_values(tmp_path: Path) -> None:
    plots, drawn = tmp_path / "plots", tmp_path / "drawn"
    plots.mkdir()
    drawn.mkdir()
    # Loss, learning rate and gradient norm; no ROUGE while training, so no panel for it.
    (plots / "training.csv").write_text(CURVES + "1,0.5,2.5,,,0.1,1.25\n2,1.0,1.5,1.75,,0.05,1.0\n")
    (plots / "token_lengths.csv").write_text("tokens,train,dev\n64,452,10\n96,6079,207\n")
    (plots / "training_speed.csv").write_text("step,tokens_per_second\n")  # nothing was trained
    (plots / "data_topics.csv").write_text("topic,train,dev\n물건 분실,85,4\n소개팅 약속,79,3\n")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=UserWarning, message=".*(converting|identical).*")
        pictures.draw(plots, drawn)
    # 8 inches wide, 3 a panel, a quarter a bar and one around them, 100 dots an inch.
    assert sizes(drawn) == {
        "data_topics.png": (800, 150),
        "token_lengths.png": (800, 300),
        "training.png": (800, 900),
    }


def test_without_a_font_for_hangul_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pictures, "HANGUL", ("No such font",))
    (tmp_path / "data_topics.csv").write_text("topic,train,dev\n물건 분실,85,4\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pictures.draw(tmp_path, tmp_path)
    assert capsys.readouterr().err.startswith("no font with Hangul is installed")
    assert (tmp_path / "data_topics.png").is_file()


def test_curves_are_drawn_where_their_values_are() -> None:
    frame = pd.DataFrame({"loss": [3.0, 2.0, 1.0], "eval_loss": [None, None, 1.5]}, index=pd.Index([1, 2, 3]))
    (axes,) = pictures._figure("training", frame).axes
    lines = {line.get_label(): list(zip(*line.get_data(), strict=True)) for line in axes.lines}
    assert lines == {"loss": [(1, 3.0), (2, 2.0), (3, 1.0)], "eval_loss": [(3, 1.5)]}
    assert axes.get_title() == "loss (nats/token)"
