# ruff: noqa: E501 - a turn of speech a line, so that they can be compared
"""The mood of English text: VADER, with the turns of speech that its rules of denial miss, and the words of customers.

VADER takes "hardly helpful" for praise and "couldn't be happier" for a complaint, and knows no "never arrived". A turn
that stands in the tables below becomes one word of ours with a value before VADER reads the text.

A sentence takes some 0.05 ms, the first one the loading of the lexicon (0.1 s).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

__all__ = ["load_en", "score_en"]

ASKED = 0.3
"""What is asked is less than what is said: "are you happy with it?" """

_OURS = {"ltdelighted": 2.9, "ltpleased": 1.9, "ltfine": 1.3, "ltmeh": -1.3, "ltbad": -1.9, "ltawful": -2.9}
"""Words that no text has, by VADER's values of -4 to 4."""
_SHIELD = "lt lt lt"
"""Three words of no meaning: as far back as VADER looks for a denial or a degree."""
_DOMAIN = {
    "resolved": 1.8, "resolve": 0.9, "fixed": 1.5, "refund": -0.8, "cancel": -0.6, "broken": -1.9, "rude": -2.3,
    "overcharged": -2.2, "unacceptable": -2.6, "unhappy": -1.8, "delayed": -1.4, "late": -0.9, "slow": -1.2,
    "faulty": -1.8, "scam": -2.8, "ridiculous": -1.9, "useless": -2.1, "incompetent": -2.3, "expensive": -1.1,
    "unhelpful": -2.0, "unprofessional": -2.1, "polite": 1.6, "professional": 1.4, "patient": 1.2, "quick": 1.0,
    "prompt": 1.3, "courteous": 1.9, "crashes": -1.6, "crashed": -1.6, "frozen": -1.0, "stuck": -1.2, "missing": -1.3,
    "wrong": -2.1, "please": 0.0, "like": 0.0, "kind": 0.0, "hand": 0.0, "number": 0.0, "matter": 0.0,
    "certain": 0.0, "security": 0.0, "credit": 0.0, "energy": 0.0, "alert": 0.0, "share": 0.0, "natural": 0.0,
    "reach": 0.0, "reached": 0.0, "ok": 0.0, "okay": 0.0, "yes": 0.0, "no": 0.0, "pay": 0.0, "interest": 0.0, "sure": 0.0, "help": 0.0,
    "lacks": -1.4, "lack": -1.2,
    "problem": -1.0, "question": 0.0, "hold": 0.0, "rude.": -2.3, "charge": 0.0, "charged": 0.0, "debt": 0.0,
}  # fmt: skip
"""Said on the telephone to those who sell and serve; zero where VADER's value is that of another sense."""

_NOT = r"(?:not|n['’]t|never|cannot|can['’]?t|won['’]?t|don['’]?t|doesn['’]?t|didn['’]?t|isn['’]?t|wasn['’]?t|wouldn['’]?t)"
_CANNOT = r"(?:can['’]t|couldn['’]t|cannot|(?:can|could)\W+not)"
_PRAISE = (
    r"good|great|nice|fine|happy|pleased|satisfied|helpful|friendly|impressed|useful|perfect|excellent|acceptable|worth"
    r"|success|reliable|professional|polite|fast|quick|easy|amazing|wonderful|comfortable|clean|fair|clear|pleasant|recommended"
)
_BLAME = r"bad|terrible|awful|wrong|difficult|hard|unhappy|disappointed|disappointing|slow|expensive|rude|worse|horrible|dirty"
_FILLED = r"(?:\W+(?:so|very|that|too|really|particularly|exactly|all|as|quite|at|any|even|entirely|overly|been|be|a|this|of)){0,3}"
_TURNS: tuple[tuple[str, str], ...] = (
    (rf"{_CANNOT}\W+(?:be|have\W+been|get|ask\W+for)\W+(?:any\W+)?(?:more\W+)?(?:better|happier|pleased|satisfied|grateful|easier|nicer|helpful)", "ltdelighted"),
    (rf"{_CANNOT}\W+(?:be|have\W+been|get)\W+(?:any\W+)?(?:more\W+)?(?:worse|disappointed|unhappy|slower|ruder)", "ltawful"),
    (r"never\W+been\W+(?:better|happier|easier)|better\W+than\W+ever", "ltdelighted"),
    (r"never\W+been\W+(?:so|more|this)\W+(?:disappointed|angry|frustrated|upset|unhappy|worse)", "ltawful"),
    (rf"{_CANNOT}\W+recommend\W+(?:\w+\W+){{1,4}}(?:enough|more|highly)", "ltdelighted"),
    (rf"(?:{_CANNOT}|(?:would|wo|do)n['’]t|(?:would|will|do)\W+not)\W+(?:really\W+)?(?:recommend|trust)", "ltbad"),
    (rf"{_CANNOT}\W+(?:really\W+)?(?:complain|fault\W+\w+|go\W+wrong|praise\W+\w+\W+enough)", "ltpleased"),
    (r"(?:no|nothing|not\W+\w+\W+thing|not\W+anything)\W+(?:to\W+)?(?:complaints?|complain)(?:\W+about)?|no\W+cause\W+for\W+complaint", "ltpleased"),
    (r"(?:nothing|not\W+anything|isn['’]t\W+anything)\W+(?:is\W+)?(?:wrong|bad)", "ltpleased"),
    (r"(?:no|without|zero)\W+(?:any\W+|a\W+single\W+|real\W+)?(?:problems?|issues?|trouble|hassle|delays?|fuss)(?:\W+at\W+all|\W+whatsoever)?", "ltfine"),
    (r"(?:no\W+worries|do(?:n['’]t|\W+not)\W+worry|no\W+need\W+to\W+worry)", "ltnone"),
    (r"not\W+(?:half\W+|that\W+|so\W+|too\W+|at\W+all\W+)?bad(?:\W+at\W+all)?", "ltpleased"),
    (rf"{_NOT}{_FILLED}\W+(?:{_BLAME})(?:\W+at\W+all)?", "ltfine"),
    (r"(?:not|never|n['’]t)\W+(?:really\W+)?(?:let\W+\w+\W+down|disappoint(?:ed)?(?:\W+\w+)?)", "ltpleased"),
    (rf"(?:far\W+from|anything\W+but|hardly|barely|scarcely|rarely|seldom|less\W+than|nowhere\W+near){_FILLED}\W+(?:{_PRAISE}|what\W+(?:\w+\W+){{1,4}}(?:{_PRAISE}))", "ltbad"),
    (rf"(?:would|do|does|did|could|can|wo)(?:n['’]t|\W+not)\W+(?:really\W+)?(?:say|think|call|find|believe|consider|feel)\W+(?:\w+['’]?\w*\W+){{0,5}}?(?:{_PRAISE})", "ltbad"),
    (rf"\bdoubt\W+(?:\w+\W+){{0,5}}?(?:{_PRAISE})", "ltmeh"),
    (rf"{_NOT}\W+(?:exactly|really|particularly|that|what)\W+(?:\w+['’]?\w*\W+){{0,5}}?(?:{_PRAISE})", "ltmeh"),
    (rf"{_NOT}{_FILLED}\W+(?:{_PRAISE})(?:\W+enough|\W+at\W+all)?", "ltbad"),
    (r"\bnot\W+(?:only|just|merely)", "and"),
    (r"\bnever\W+again\b", "ltbad"),
    (r"(?:do|does|did|is|wo|has|have)(?:n['’]t|\W+not|['’]?s\W+not)\W+(?:even\W+)?(?:work(?:ing|ed)?|help(?:ed|ing)?|arrived?|answer(?:ed|ing)?|respond(?:ed|ing)?|turn\W+on|start|load|come|care)", "ltbad"),
    (r"\bnever\W+(?:arrived|came|called|answered|got|received|showed|responded|worked|works)(?:\W+(?:back|up))?", "ltbad"),
    (r"(?:no\W+one|nobody|no\W+body)\W+(?:\w+\W+)?(?:answers?|answered|help(?:s|ed)?|cares?|picks?|picked|responds?|responded|called|knows?)", "ltbad"),
    (rf"{_NOT}\W+(?:\w+\W+){{0,2}}?(?:solved?|resolved?|fix(?:ed)?)(?:\W+(?:my|the|our|this|that)\W+(?:problem|issue))?", "ltbad"),
    (r"(?:solved?|resolved?|fix(?:ed)?)\W+(?:it|my|the|our|this|that)?\W*(?:problem|issue)?", "ltfine"),
    (r"(?:want|give\W+me|get)\W+(?:\w+\W+)?my\W+money\W+back|demand\W+a\W+refund", "ltbad"),
    (r"(?:second|third|fourth|fifth|sixth|tenth|hundredth|umpteenth)\W+time\W+(?:that\W+)?(?:I|we|this|in|now)(?:['’]\w+|\W+(?:am|have|had))?\W+(?:call\w*|asked|asking|tried|try\w*|happened|complain\w*|been|a)", "ltbad"),
    (r"(?:been|was|were|kept)\W+(?:me\W+)?(?:waiting|on\W+hold)(?:\W+for)?(?:\W+(?:over|more\W+than|almost|nearly|about))?(?:\W+\w+)?\W+(?:hours?|days?|weeks?|months?|forever|ages|minutes)", "ltbad"),
    (r"charged\W+(?:\w+\W+){0,2}(?:twice|double|again|too\W+much|extra)", "ltbad"),
    (r"(?:speak|talk)\W+(?:to|with)\W+(?:\w+\W+)?(?:manager|supervisor)", "ltmeh"),
    (r"(?:keeps?|kept)\W+(?:on\W+)?(?:crashing|failing|breaking|freezing|dropping|cutting)(?:\W+\w+)?|nothing\W+works?", "ltbad"),
    (rf"{_NOT}\W+(?:\w+\W+)?(?:like|enjoy|love|appreciate)|(?:not|n['’]t)\W+what\W+\w+\W+(?:ordered|asked|expected|wanted|paid)", "ltbad"),
    (r"(?:I|we)\W+(?:really\W+|do\W+)?like\W+(?:it|this|that|how|your)", "ltpleased"),
    (r"nothing\W+special|not\W+impressed", "ltmeh"),
    (r"(?:g[ia]v\w+\W+\w+\W+)?(?:the\W+)?run\W?around|wast(?:e|ed|ing)\W+(?:of\W+)?(?:my\W+|our\W+)?time|fed\W+up|sick\W+of|rip\W?off", "ltbad"),
    (r"like\W+a\W+charm|(?:saved?|made)\W+my\W+day|life\W?saver|above\W+and\W+beyond|two\W+thumbs\W+up", "ltpleased"),
    (r"\bkind\W+of\b|\bwhat\W+(?:kind|sort)\b", "ltnone"),
)  # fmt: skip
"""Turns of speech and the word that stands for each; the first that fits wins, and what it took is not read again."""
_TURN = [
    (re.compile(rf"\b(?:{pattern})\b" if not pattern.startswith("\\b") else pattern, re.I), word)
    for pattern, word in _TURNS
]
_ASKS = re.compile(
    r"^\W*(?:(?:what|when|where|which|who|how|why)\b|(?:are|is|do|does|did|can|could|would|will|was|were|have|has)\W+"
    r"(?:you|it|they|we|I|he|she|this|that|there|the|any)\b)", re.I
)  # fmt: skip
_ENDS_ASKING = re.compile(r"\?\W*$")
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")


def score_en(text: str) -> float:
    """How the text sounds, -1 to 1; 0 where nothing is known of it."""
    rate = load_en()
    sentences = [sentence[0].strip() for sentence in _SENTENCE.finditer(text.replace("’", "'"))]
    scores = [(rate(_turned(each)) * (ASKED if _asks(each) else 1.0), len(each)) for each in sentences if each]
    told = [(score, length) for score, length in scores if score]
    if not told:
        return 0.0
    weighed = sum(score * length for score, length in told) / sum(length for _, length in told)
    return max(-1.0, min(1.0, weighed))


def _asks(sentence: str) -> bool:
    return bool(_ENDS_ASKING.search(sentence) or _ASKS.match(sentence))


def _turned(sentence: str) -> str:
    for pattern, word in _TURN:
        sentence = pattern.sub(f" {_SHIELD} {word} ", sentence)
    return sentence


@cache
def load_en() -> Callable[[str], float]:
    """VADER with our words; gives the compound score of a text.

    raises    ModuleNotFoundError where vaderSentiment is not installed
    """
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    analyzer.lexicon.update(_DOMAIN | _OURS)

    def compound(text: str) -> float:
        return float(analyzer.polarity_scores(text)["compound"])

    return compound
