"""The curves and histograms of a run as PNG, which MLflow's page shows.

Enters: plots/*.csv as the stages wrote them. Leaves: a file each, such as `training.png` with a panel for the loss, one
for the gradient norm and so on, `token_lengths.png` with a line a split, `data_topics.png` with a bar a topic.

What `dvc plots show` draws is said in dvc.yaml; its pages load their scripts from the network, these are pictures.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# The panels of plots/training.csv: title, columns.
PANELS = {
    "loss (nats/token)": ["loss", "eval_loss"],
    "ROUGE-1 + 2 + L on dev": ["eval_rouge_sum"],
    "learning rate": ["learning_rate"],
    "gradient norm before clipping": ["grad_norm"],
}
FEW = 30  # points that are shown as dots too, and bars that one picture has room for
WIDTH, HEIGHT = 8.0, 3.0  # of a panel, in inches
# A font with Hangul, of those that systems have; without one a Korean word is a row of boxes.
HANGUL = ("NanumGothic", "Noto Sans CJK KR", "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo", "UnDotum")


def draw(plots: Path, folder: Path) -> None:
    """Write a PNG into `folder` for each CSV file in `plots` that has rows."""
    import matplotlib
    import pandas as pd
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    fonts = [name for name in HANGUL if name in installed]
    if not fonts:
        print(
            "no font with Hangul is installed, so Korean words are boxes in the pictures of the run (Debian, Ubuntu: "
            "apt install fonts-nanum)",
            file=sys.stderr,
        )
    with matplotlib.rc_context({"font.family": [*fonts[:1], "DejaVu Sans"]}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+", UserWarning)  # one for each letter
        for path in sorted(plots.glob("*.csv")):
            frame = pd.read_csv(path, index_col=0)
            if len(frame):
                _figure(path.stem, frame).savefig(folder / f"{path.stem}.png", dpi=100)


def _figure(name: str, frame: pd.DataFrame) -> Figure:
    """Bars over words, lines over numbers."""
    title = name.replace("_", " ")
    if frame.index.dtype.kind not in "if":
        return _bars(title, frame)
    known = {panel: [column for column in columns if column in frame] for panel, columns in PANELS.items()}
    panels = {panel: frame[columns].dropna(how="all") for panel, columns in known.items() if columns}
    return _lines({panel: rows for panel, rows in panels.items() if len(rows)} or {title: frame})


def _lines(panels: dict[str, pd.DataFrame]) -> Figure:
    """One panel below the other. A column that has a value now and then, as the loss on dev, joins those it has."""
    figure = _empty(HEIGHT * len(panels))
    for place, (title, rows) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(len(panels), 1, place)
        for column in rows:
            values = rows[column].dropna()
            axes.plot(values.index, values.to_numpy(), marker="o" if len(values) < FEW else "", label=column)
        axes.set_title(title, fontsize="medium")
        axes.set_xlabel(str(rows.index.name))
        axes.grid(alpha=0.3)
        axes.legend()
    return figure


def _bars(title: str, frame: pd.DataFrame) -> Figure:
    """The first rows, from above; of several columns the first."""
    shown = frame.iloc[:FEW, 0].iloc[::-1]
    figure = _empty(1 + len(shown) / 4)
    axes = figure.add_subplot()
    axes.barh([str(label) for label in shown.index], shown.to_numpy())
    axes.set_title(f"{title}: {shown.name}", fontsize="medium")
    return figure


def _empty(height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), layout="constrained")
