"""A deterministic generator of Korean dialogues with summaries, in the competition's columns.

Enters: split, number of rows, seed. Leaves: rows.

    generate("train", 3000, seed=7)[0].summary
    -> "#Person2#는 #Person1#에게 3월 14일 오후 3시 진료를 김서준 이름으로 예약합니다. 증상은 심한 두통입니다."
"""

from dialsum.corpus.synthetic.generate import Row, Split, generate
from dialsum.corpus.synthetic.slots import held_out

__all__ = ["Row", "Split", "generate", "held_out"]
