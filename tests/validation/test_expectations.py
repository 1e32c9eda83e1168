from dialsum.params.validation import Validation
from dialsum.validation.expectations import (
    REASONS,
    WARNINGS,
    Requirement,
    columns_suite,
    file_suite,
    requirements,
    row_suite,
)

LIMITS = Validation(max_rejected_fraction=0.05, max_dialogue_chars=12000, max_summary_chars=400, known_masks=[])
COLUMNS = ("fname", "dialogue", "summary", "facts")


def test_every_name_of_the_row_suite_is_counted_in_this_order() -> None:
    names = [requirement.name for requirement in requirements(row_suite("train", COLUMNS, LIMITS))]
    assert names == [*REASONS, *WARNINGS]


def test_what_only_warns_is_no_critical_expectation() -> None:
    for expectation in row_suite("train", COLUMNS, LIMITS).expectations:
        assert expectation.severity == ("warning" if expectation.meta["name"] in WARNINGS else "critical")


def test_nothing_is_asked_of_summaries_that_are_not_there() -> None:
    columns = ("fname", "dialogue", "summary", "summary3")
    asked = [requirement.sentence for requirement in requirements(row_suite("train", columns, LIMITS))]
    assert [sentence for sentence in asked if "`summary" in sentence] == [
        "A `summary` has at most 400 characters (`validation.max_summary_chars`).",
        "A `summary3` has at most 400 characters (`validation.max_summary_chars`).",
        "A `summary` is not longer than its dialogue.",
        "A `summary3` is not longer than its dialogue.",
    ]
    of_test = requirements(row_suite("test", columns, LIMITS))
    assert {"empty_summary", "long_summary", "summary_longer_than_dialogue", "malformed_id"}.isdisjoint(
        requirement.name for requirement in of_test
    )


def test_a_person_can_read_what_is_required() -> None:
    suites = (columns_suite("dev"), file_suite("dev"), row_suite("dev", COLUMNS, LIMITS))
    asked = [requirement for suite in suites for requirement in requirements(suite)]
    assert all(requirement.sentence.endswith(".") and " " in requirement.sentence for requirement in asked)
    assert Requirement("No id occurs twice.", "expect_column_values_to_be_unique", "") in asked
    assert (
        Requirement(
            "A dialogue has at most 12,000 characters (`validation.max_dialogue_chars`).",
            "expect_column_values_to_be_between",
            "long_dialogue",
        )
        in asked
    )
