"""Personal data under numbered tags: the model reads `[PHONE_1]`, and its user reads their own number again. Pure.

Promises: the same data has the same tag for as long as the conversation lasts, and no other data has it; only data of
the same conversation is put back; a tag that comes in pieces is put back whole, and what cannot become one waits for
nothing; what goes to the memory has the tags. The data itself is kept in this process, and goes with the conversation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from lingting.domain import PiiKind
from lingting.text.privacy.pii_found import Found
from lingting.text.privacy.redaction import tag_of
from lingting.text.script import CHINESE

__all__ = ["PutBack", "TagBook", "tag_note"]

MAX_TAGS = 200
"""Of one conversation; more data is hidden under tags without a number, and not put back."""
_OPEN, _CLOSE = "[【［", "]】］"
"""Models write the brackets of their own language."""
_TAG = re.compile(rf"[{re.escape(_OPEN)}](\w{{1,20}}_[0-9]{{1,3}})[{re.escape(_CLOSE)}]")
_NOTES = {
    True: "形如 [电话_1] 的标记代替了用户的个人信息。需要提到时，原样写出标记；不要问标记代表什么，也不要编造标记。",
    False: "Tags such as [PHONE_1] stand for data of the user that you do not see. Where you mean the data, write the "
    "tag as it is; never ask what it stands for, nor make up a tag.",
}


def tag_note(language: str) -> str:
    """What the model is told of tags."""
    return _NOTES[language in CHINESE]


class TagBook:
    """The personal data of one conversation, by tag. Belongs to one turn at a time."""

    __slots__ = ("_counts", "_data", "_tags")

    def __init__(self) -> None:
        self._tags: dict[tuple[PiiKind, str], str] = {}
        self._data: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._data)

    def __repr__(self) -> str:
        return f"TagBook({len(self._data)} tags)"

    def passed(self, texts: Iterable[str]) -> None:
        """Give none of the tags in these texts again: the data of a conversation that was resumed is not known here."""
        for text in texts:
            for found in _TAG.finditer(text):
                label, _, number = found[1].rpartition("_")
                self._counts[label] = max(self._counts[label], int(number))

    def hidden(self, text: str, found: Sequence[Found], language: str) -> str:
        """The text with tags in the place of what was found."""
        parts, reached = [], 0
        for each in found:
            parts += [text[reached : each.start], self._tag(each.kind, text[each.start : each.end], language)]
            reached = each.end
        return "".join([*parts, text[reached:]])

    def hidden_again(self, text: str) -> str:
        """What was shown of a reply, with the tags that it came with; data that is cut off in the middle goes."""
        for data in sorted(self._data.values(), key=len, reverse=True):
            kept = next((n for n in range(len(data) - 1, 0, -1) if text.endswith(data[:n])), 0)
            if kept and not text.endswith(data):
                text = text[:-kept]
        for tag, data in sorted(self._data.items(), key=lambda item: -len(item[1])):
            text = text.replace(data, f"[{tag}]")
        return text

    def put_back(self, *, is_on: bool = True) -> PutBack:
        return PutBack(self._data if is_on else {})

    def teach(self, put_back: PutBack) -> None:
        """Let a reply know what was hidden since it began."""
        put_back.learn(self._data)

    def _tag(self, kind: PiiKind, data: str, language: str) -> str:
        known = self._tags.get((kind, data))
        if known is not None:
            return f"[{known}]"
        bare = tag_of(kind, language)
        if len(self._data) >= MAX_TAGS:
            return bare
        label = bare[1:-1]
        self._counts[label] += 1
        tag = f"{label}_{self._counts[label]}"
        self._tags[kind, data], self._data[tag] = tag, data
        return f"[{tag}]"


class PutBack:
    """One reply, as its user gets it."""

    def __init__(self, data: Mapping[str, str]) -> None:
        self._data: dict[str, str] = {}
        self.learn(data)
        self._held = ""
        self.text = ""
        """What was given so far."""

    def learn(self, data: Mapping[str, str]) -> None:
        """Data by its tags."""
        self._data |= {tag.casefold(): value for tag, value in data.items()}

    def push(self, piece: str) -> str:
        """What can be shown of what came; a tag that has begun waits for its end."""
        text = self._held + piece
        opened = max(text.rfind(bracket) for bracket in _OPEN) if self._data else -1
        begun = text[opened + 1 :].casefold()
        if opened < 0 or not any(tag.startswith(begun) for tag in self._data):
            opened = len(text)
        text, self._held = text[:opened], text[opened:]
        return self._shown(text)

    def finish(self) -> str:
        text, self._held = self._held, ""
        return self._shown(text)

    def _shown(self, text: str) -> str:
        if self._data:
            text = _TAG.sub(lambda found: self._data.get(found[1].casefold(), found[0]), text)
        self.text += text
        return text
