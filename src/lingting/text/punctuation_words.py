"""Words that begin clauses, ask, or hang on to what follows: what tells where a mark may stand. Tables only."""

from __future__ import annotations

__all__ = [
    "ASKING_EN", "AUXILIARIES_EN", "CLINGING_ZH", "EMBEDDING_ZH", "LINKS_ZH", "OPEN_ENDS_ZH", "QUESTIONS_ZH",
    "SUBJECTS_EN",
]  # fmt: skip


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


LINKS_ZH = _listed(
    """
    但是 然而 所以 因此 因为 如果 虽然 尽管 而且 并且 然后 接着 于是 另外 此外 总之 否则 不然 除非 只要 即使 例如 比如
    也就是说 换句话说 与此同时
    """
)
"""With these a clause begins, pause or none."""
OPEN_ENDS_ZH = _listed(
    """
    的 地 得 和 与 及 或 把 被 在 从 向 往 对 给 让 使 将 于 以 为 跟 同 由 很 太 更 最 不 没 就 才 都 也 还 又 再 是 有
    要 会 能 正 之 这 那 每 各 某 第 几 如 若 虽 因 但 而 且 并
    """
)
"""After these no clause ends: they belong to what follows."""
CLINGING_ZH = _listed("的 地 得 了 着 过 们 吧 吗 呢 啊 呀 嘛 里 上 下 中 内 外 时 后 前 个 们")
"""Before these no clause begins: they belong to what precedes."""
QUESTIONS_ZH = (
    "什么|为何|怎么|怎样|如何|哪[里儿个些位种天年]?|谁|多少|几[个点次天年岁位时]|何时"
    "|是不是|有没有|能不能|会不会|要不要|好不好|对不对|可不可以|行不行|是否|难道|何必"
)
"""A clause that holds one of these and ends a sentence asks."""
EMBEDDING_ZH = "知道|不管|无论|不论|没有?什么|看看|想想|明白|告诉|说明|决定|取决于|了解|研究|讨论|介绍|解释|什么的"
"""With one of these, the same words ask nothing (我不知道他是谁)."""

ASKING_EN = _listed("what who whom whose which where when why how")
AUXILIARIES_EN = _listed(
    """
    is are am was were do does did can could will would shall should may might must have has had isn't aren't wasn't
    weren't don't doesn't didn't can't couldn't won't wouldn't shouldn't haven't hasn't hadn't
    """
)
SUBJECTS_EN = _listed(
    "i you he she it we they there this that these those the a an my your his her its our their anyone somebody someone"
)
"""A sentence that begins with an auxiliary and one of these asks."""
