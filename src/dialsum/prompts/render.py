"""The one function that turns a dialogue into the text a model reads: training, generation and serving share it.

Enters: a Dialogue and the Form in which it is asked for. Leaves: the prompt up to the point where the summary begins,
in the tokenizer's own chat template. For tiny-llama, `format: plain` and `system: simple`:

    <s><|im_start|>system
    당신은 유능한 AI 어시스턴트입니다. …<|im_end|>
    <|im_start|>user
    다음 대화를 요약하세요:
    ---
    #Person1#: 예약하고 싶어요.
    ---<|im_end|>
    <|im_start|>assistant

`format: alpaca` has headers of its own and takes no template; a base model that has no template gets the other formats
as text, with `요약:` where the summary begins. Blank lines part system text, question and examples:

    <s>### Instruction:                             <s>다음 대화를 요약하세요:
    다음 대화를 요약해주세요.                            ---
                                                    #Person1#: 예약하고 싶어요.
    ### Input:                                      ---
    #Person1#: 예약하고 싶어요.
                                                    요약:
    ### Response:

The references of the dialogue are never read here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dialsum.corpus.dialogue import Dialogue
from dialsum.errors import InputError
from dialsum.prompts.form import Form

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SYSTEM = {
    "simple": "당신은 유능한 AI 어시스턴트입니다. 사용자의 질문에 대해 친절하게 답변해주세요.",
    "strict": (
        "당신은 대화 요약 전문가입니다.\n"
        "다음 지침을 엄격히 준수하세요:\n\n"
        "- 반드시 한국어만 사용하세요 (영문/일문/베트남어/이모지/URL 금지).\n"
        "- 대화의 핵심 내용을 간결하게 요약하세요."
    ),
}

# The five wordings. The structured format, whose question comes last, puts "위 … 주제에 대한" before the second part.
_POINTING = ("다음 ", "아래 ", "주어진 ", "다음 ", "")
_WANTED = (
    "대화를 요약해주세요.",
    "대화의 핵심 내용을 정리해주세요.",
    "대화를 간단히 요약하세요.",
    "대화에서 중요한 정보를 추출해 요약하세요.",
    "대화 내용을 한 문단으로 요약해주세요.",
)
ALPACA = tuple(pointing + wanted for pointing, wanted in zip(_POINTING, _WANTED, strict=True))
PLAIN = ("다음 대화를 요약하세요:", *ALPACA[1:])

NO_TOPIC = "대화"

# Llama 3's template writes today's date into the prompt unless one is given; a fixed one keeps data the same.
DATE = "26 Jul 2024"


def render(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue, form: Form) -> str:
    """The whole prompt as text, special tokens included; a model continues it with the summary.

    Raises InputError if the form names the topic of every dialogue and this one has none.
    """
    asked = messages(dialogue, form)
    header = text_header(tokenizer, form)
    if header:
        # The tokenizer is not asked to add special tokens (prompts/encode), so the one that begins a text stands here.
        return str(tokenizer.bos_token or "") + "".join(_as_text(message, header) for message in asked)
    return _in_template(tokenizer, asked)


def template_system(tokenizer: PreTrainedTokenizerBase, form: Form) -> str:
    """The system text that the chat template writes by itself, as Llama 3's in Korean models does, if the form has
    none; else nothing.
    """
    if form.system != "none" or text_header(tokenizer, form):
        return ""
    question, mark = {"role": "user", "content": "?"}, "SYSTEM"
    try:
        before, _, after = _in_template(tokenizer, [{"role": "system", "content": mark}, question]).partition(mark)
    except InputError:  # a template that knows no system message has no text for it
        return ""
    found = _in_template(tokenizer, [question])
    inside = found.startswith(before) and found.endswith(after) and len(found) >= len(before) + len(after)
    return found[len(before) : len(found) - len(after)].strip() if inside else ""


def messages(dialogue: Dialogue, form: Form) -> list[dict[str, str]]:
    """The chat before the summary: the system's message unless there is none, examples and answers, the question.

    Examples name their topic only if the question does, so that where a topic was dropped none is shown.
    """
    alike = form if dialogue.topic else replace(form, topic="never")
    before = [] if form.system == "none" else [{"role": "system", "content": SYSTEM[form.system]}]
    for shot in form.shots:
        before.append({"role": "user", "content": _question(shot.dialogue, alike)})
        before.append({"role": "assistant", "content": shot.summary})
    return [*before, {"role": "user", "content": _question(dialogue, form)}]


def text_header(tokenizer: PreTrainedTokenizerBase, form: Form) -> str | None:
    """What says in a prompt without chat template that the summary begins; None where the template says it."""
    if form.format == "alpaca":
        return "### Response:\n"
    return None if tokenizer.chat_template else "요약:\n"


def _in_template(tokenizer: PreTrainedTokenizerBase, asked: list[dict[str, str]]) -> str:
    from jinja2 import TemplateError

    try:
        return str(
            tokenizer.apply_chat_template(
                asked,
                tokenize=False,
                add_generation_prompt=True,
                date_string=DATE,
                enable_thinking=False,  # Qwen3's template would otherwise leave room for a train of thought
            )
        )
    except TemplateError as error:
        roles = ", ".join(dict.fromkeys(message["role"] for message in asked))
        raise InputError(
            f"params.yaml: prompt: its chat template takes no messages of {roles} in this order ({error}); set "
            "prompt.system to none and prompt.shots to 0, or prompt.format to alpaca"
        ) from error


def _as_text(message: dict[str, str], header: str) -> str:
    """A message and the blank line after it; the header of the answer comes next after a question."""
    return f"{message['content']}\n\n{header if message['role'] == 'user' else ''}"


def _question(dialogue: Dialogue, form: Form) -> str:
    text, number = dialogue.text(), form.instruction - 1
    match form.format:
        case "plain":
            return f"{PLAIN[number]}\n---\n{text}\n---"
        case "structured":
            return f"[Conversation]\n{text}\n\n[Question]\n위 {_topic(dialogue, form)} 주제에 대한 {_WANTED[number]}"
        case "alpaca":
            return f"### Instruction:\n{ALPACA[number]}\n\n### Input:\n{text}"


def _topic(dialogue: Dialogue, form: Form) -> str:
    if form.topic == "never":
        return NO_TOPIC
    if form.topic == "always" and not dialogue.topic:
        raise InputError(
            f"dialogue {dialogue.id}: has no topic, but every prompt in training named one: give its topic, or train "
            "with prompt.topic=dropout or never"
        )
    return dialogue.topic or NO_TOPIC
