"""All metrics under their names."""

from dialsum.measures.scoring import all_columns


def test_every_metric_under_its_name() -> None:
    found = all_columns(["가 나", "다"], [("가 나",), ("라",)], ["whitespace", "char"], "test")
    assert list(found) == [
        f"{name}.{variant}.{unit}"
        for unit in ("whitespace", "char")
        for variant in ("official", "strict")
        for name in ("rouge1", "rouge2", "rougeL", "rouge_mean", "rouge_sum")
    ]
    assert found["rouge1.strict.whitespace"] == [100, 0]
    assert found["rouge_sum.strict.char"] == [300, 0]


def test_several_references_have_a_mean_and_a_best() -> None:
    found = all_columns(["가 나", "다"], [("가 나", "가 라"), ("다",)], ["whitespace"], "test")
    assert found["rouge1.strict.whitespace"] == [75, 100]
    assert found["rouge1.strict.whitespace.best"] == [100, 100]
    assert len(found) == 20
