"""What a model reads, letter for letter."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.errors import InputError
from dialsum.modeling.loading import load_tokenizer
from dialsum.prompts.form import Form, Shot
from dialsum.prompts.render import messages, render, template_system

DIALOGUE = Dialogue("dev_0", (Turn("#Person1#", "내일 3시에 봐."), Turn("#Person2#", "응!")), topic="약속 잡기")
SHOT = Shot(Dialogue("train_7", (Turn("A", "배고파."),), topic="식사"), "A는 배고프다.")
SPARE = Shot(Dialogue("train_8", (Turn("B", "졸려."),)), "B는 졸리다.")


@pytest.fixture(scope="module")
def chat(small_base: Path) -> PreTrainedTokenizerBase:
    """A tokenizer with Qwen's form of chat."""
    return load_tokenizer(small_base)


@pytest.fixture
def bare(small_base: Path) -> PreTrainedTokenizerBase:
    """That of a base model: without a chat template."""
    tokenizer = load_tokenizer(small_base)
    tokenizer.chat_template = None
    return tokenizer


def user(form: Form) -> str:
    """The last message."""
    return messages(DIALOGUE, form)[-1]["content"]


def test_plain_prompt_is_exactly_this_text(chat: PreTrainedTokenizerBase) -> None:
    assert render(chat, DIALOGUE, Form("plain", "simple")) == (
        "<s><|im_start|>system\n"
        "당신은 유능한 AI 어시스턴트입니다. 사용자의 질문에 대해 친절하게 답변해주세요.<|im_end|>\n"
        "<|im_start|>user\n"
        "다음 대화를 요약하세요:\n---\n#Person1#: 내일 3시에 봐.\n#Person2#: 응!\n---<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_the_strict_system_prompt_is_that_of_the_plan() -> None:
    (system, _) = messages(DIALOGUE, Form("plain", "strict"))
    assert system == {
        "role": "system",
        "content": "당신은 대화 요약 전문가입니다.\n다음 지침을 엄격히 준수하세요:\n\n"
        "- 반드시 한국어만 사용하세요 (영문/일문/베트남어/이모지/URL 금지).\n- 대화의 핵심 내용을 간결하게 요약하세요.",
    }


def test_structured_prompt_without_system(chat: PreTrainedTokenizerBase) -> None:
    assert render(chat, DIALOGUE, Form("structured", "none")) == (
        "<s><|im_start|>user\n"
        "[Conversation]\n#Person1#: 내일 3시에 봐.\n#Person2#: 응!\n\n"
        "[Question]\n위 대화 주제에 대한 대화를 요약해주세요.<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_alpaca_has_headers_of_its_own_and_no_chat_template(
    chat: PreTrainedTokenizerBase, bare: PreTrainedTokenizerBase
) -> None:
    text = (
        "<s>당신은 유능한 AI 어시스턴트입니다. 사용자의 질문에 대해 친절하게 답변해주세요.\n\n"
        "### Instruction:\n다음 대화를 요약해주세요.\n\n"
        "### Input:\n#Person1#: 내일 3시에 봐.\n#Person2#: 응!\n\n"
        "### Response:\n"
    )
    assert render(chat, DIALOGUE, Form("alpaca", "simple")) == text
    assert render(bare, DIALOGUE, Form("alpaca", "simple")) == text


def test_a_base_model_is_asked_in_plain_text(bare: PreTrainedTokenizerBase) -> None:
    assert render(bare, DIALOGUE, Form("plain", "none")) == (
        "<s>다음 대화를 요약하세요:\n---\n#Person1#: 내일 3시에 봐.\n#Person2#: 응!\n---\n\n요약:\n"
    )
    assert render(bare, DIALOGUE, Form("plain", "simple", shots=(SHOT,))) == (
        "<s>당신은 유능한 AI 어시스턴트입니다. 사용자의 질문에 대해 친절하게 답변해주세요.\n\n"
        "다음 대화를 요약하세요:\n---\nA: 배고파.\n---\n\n요약:\nA는 배고프다.\n\n"
        "다음 대화를 요약하세요:\n---\n#Person1#: 내일 3시에 봐.\n#Person2#: 응!\n---\n\n요약:\n"
    )


def test_a_tokenizer_without_a_first_token_gets_none(bare: PreTrainedTokenizerBase) -> None:
    bare.bos_token = None
    assert render(bare, DIALOGUE, Form("plain", "none")).startswith("다음 대화를")


@pytest.mark.parametrize(
    ("number", "plain", "alpaca", "structured"),
    [
        (1, "다음 대화를 요약하세요:", "다음 대화를 요약해주세요.", "대화를 요약해주세요."),
        (2, *["아래 대화의 핵심 내용을 정리해주세요."] * 2, "대화의 핵심 내용을 정리해주세요."),
        (3, *["주어진 대화를 간단히 요약하세요."] * 2, "대화를 간단히 요약하세요."),
        (4, *["다음 대화에서 중요한 정보를 추출해 요약하세요."] * 2, "대화에서 중요한 정보를 추출해 요약하세요."),
        (5, *["대화 내용을 한 문단으로 요약해주세요."] * 2, "대화 내용을 한 문단으로 요약해주세요."),
    ],
)
def test_five_wordings(number: int, plain: str, alpaca: str, structured: str) -> None:
    assert user(Form("plain", "none", number)).split("\n---\n")[0] == plain
    assert user(Form("alpaca", "none", number)).splitlines()[1] == alpaca
    question = user(Form("structured", "none", number, topic="always")).splitlines()[-1]
    assert question == f"위 약속 잡기 주제에 대한 {structured}"


def test_the_topic_is_named_where_the_form_says_so() -> None:
    without = Dialogue("9", DIALOGUE.turns)
    asked = [
        messages(one, Form("structured", "none", topic=topic))[-1]["content"].splitlines()[-1]
        for topic in ("never", "optional")
        for one in (DIALOGUE, without)
    ]
    assert [line.split(" 주제에")[0] for line in asked] == ["위 대화", "위 대화", "위 약속 잡기", "위 대화"]
    with pytest.raises(InputError, match=r"^dialogue 9: has no topic, but every prompt in training named one: give "):
        messages(without, Form("structured", "none", topic="always"))


def test_examples_come_first_as_questions_and_answers() -> None:
    form = Form("structured", "simple", topic="optional", shots=(SHOT,), spare=SPARE)
    chat = messages(DIALOGUE, form)
    assert [message["role"] for message in chat] == ["system", "user", "assistant", "user"]
    assert chat[1]["content"] == "[Conversation]\nA: 배고파.\n\n[Question]\n위 식사 주제에 대한 대화를 요약해주세요."
    assert chat[2]["content"] == "A는 배고프다."
    assert form.for_dialogue(DIALOGUE).shots == (SHOT,)
    assert form.for_dialogue(Dialogue("other id", SHOT.dialogue.turns)).shots == (SPARE,)


@pytest.mark.parametrize(
    ("topic", "dialogue", "named"),
    [
        ("optional", DIALOGUE, ["식사", "약속 잡기"]),
        ("optional", Dialogue("9", DIALOGUE.turns), ["대화", "대화"]),
        ("never", DIALOGUE, ["대화", "대화"]),
        ("always", DIALOGUE, ["식사", "약속 잡기"]),
    ],
)
def test_examples_name_their_topic_only_where_the_question_does(
    topic: str, dialogue: Dialogue, named: list[str]
) -> None:
    form = Form("structured", "none", topic=topic, shots=(SHOT,))  # type: ignore[arg-type]
    asked = [message["content"].splitlines()[-1] for message in messages(dialogue, form) if message["role"] == "user"]
    assert asked == [f"위 {name} 주제에 대한 대화를 요약해주세요." for name in named]


# Both write a system text of their own where the chat has none; Qwen3's and tiny-llama's do not.
LLAMA = (
    "{% if messages[0]['role'] == 'system' %}{% set text = messages[0]['content'] %}{% set messages = messages[1:] %}"
    "{% else %}{% set text = 'You help. 도와주세요.' %}{% endif %}"
    "<|system|>\n\nToday: {{ date_string }}\n\n{{ text }}<|end|>"
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}<|assistant|>"
)
NO_SYSTEM = (
    "{% for message in messages %}{% if message['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}{{ message['content'] }}{% endfor %}"
)


def with_template(chat: PreTrainedTokenizerBase, template: str) -> PreTrainedTokenizerBase:
    tokenizer = copy.deepcopy(chat)
    tokenizer.chat_template = template
    return tokenizer


def test_the_system_text_of_a_template(chat: PreTrainedTokenizerBase, bare: PreTrainedTokenizerBase) -> None:
    assert template_system(with_template(chat, LLAMA), Form("plain", "none")) == "You help. 도와주세요."
    assert template_system(with_template(chat, LLAMA), Form("plain", "simple")) == ""
    assert template_system(with_template(chat, LLAMA), Form("alpaca", "none")) == ""
    assert template_system(with_template(chat, NO_SYSTEM), Form("plain", "none")) == ""
    assert template_system(chat, Form("plain", "none")) == ""
    assert template_system(bare, Form("plain", "none")) == ""


def test_a_template_that_takes_no_system_message_is_an_error_that_says_so(chat: PreTrainedTokenizerBase) -> None:
    tokenizer = with_template(chat, NO_SYSTEM)
    with pytest.raises(
        InputError, match=r"takes no messages of system, user in this order \(System role not supported\)"
    ):
        render(tokenizer, DIALOGUE, Form("plain", "simple"))
    assert "#Person1#" in render(tokenizer, DIALOGUE, Form("plain", "none"))
