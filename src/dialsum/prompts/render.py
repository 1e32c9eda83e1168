"""The one function that turns a dialogue into the text a model reads: training, generation and serving share it.

Enters: a Dialogue. Leaves: the prompt up to the point where the summary begins. For tiny-llama:

    <s><|im_start|>system
    당신은 유능한 AI 어시스턴트입니다. …<|im_end|>
    <|im_start|>user
    다음 대화를 요약하세요:
    ---
    #Person1#: 예약하고 싶어요.
    ---<|im_end|>
    <|im_start|>assistant

The references of the dialogue are never read here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialsum.corpus.dialogue import Dialogue
from dialsum.params.prompt import Prompt

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

# Llama 3's template writes today's date into the prompt unless one is given; a fixed one keeps data the same.
DATE = "26 Jul 2024"


def render(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue, prompt: Prompt) -> str:
    """The whole prompt as text, special tokens included; a model continues it with the summary."""
    return str(
        tokenizer.apply_chat_template(
            messages(dialogue, prompt),
            tokenize=False,
            add_generation_prompt=True,
            date_string=DATE,
            enable_thinking=False,  # Qwen3's template would otherwise leave room for a train of thought
        )
    )


def messages(dialogue: Dialogue, prompt: Prompt) -> list[dict[str, str]]:
    """The chat messages before the summary: a system message unless `prompt.system` is none, and the user's."""
    user = {"role": "user", "content": _user_text(dialogue, prompt)}
    return [user] if prompt.system == "none" else [{"role": "system", "content": SYSTEM[prompt.system]}, user]


def _user_text(dialogue: Dialogue, prompt: Prompt) -> str:
    if prompt.format == "plain":
        return f"다음 대화를 요약하세요:\n---\n{dialogue.text()}\n---"
    # The topic is never shown: the competition's test set has none, and what training sees must be there at test.
    return f"[Conversation]\n{dialogue.text()}\n\n[Question]\n위 대화 주제에 대한 대화를 요약해주세요."
