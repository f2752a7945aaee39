"""Finds names of persons: by what announces them (`我叫`, `my name is`), by the title they bear, and by argus-redact.

A name that nothing announces stays: without that, `高兴` and `马上` would be persons. Chinese names begin with one of
the usual family names; where they end is told by the words that often follow a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lingting.text.privacy.pii_library import persons

__all__ = ["find_names"]

_DOUBLE = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|宇文|长孙|司徒|夏侯|端木|南宫|独孤|轩辕|百里|呼延"
_SINGLE = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊"
    "秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅"
    "童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟"
    "應閔闵陳張劉楊黃趙吳孫馬羅鄭謝許韓馮鄧蕭蔣葉蘇呂盧鍾譚陸範賈韋鄒龍賀顧龔錢嚴"
)
_SURNAME = f"(?:{_DOUBLE}|[{_SINGLE}])"
_HAN = "[\u4e00-\u9fff]"
_FOLLOWS = (
    "住是在今的了和与跟也就都电手身先女小老说来去到从有要想我你您他她这那很现家联号证年出会能可以不没叫让给为把被吗呢吧啊呀嘛"
    "请打找问对正刚已还又再才只当向往后前因所及或但如果并且同工毕于将做办昨早晚周上下什怎哪"
)
"""Characters that follow names far more often than they end them."""
_GIVEN = f"{_HAN}(?:(?![{_FOLLOWS}]|明[天早晚]){_HAN})?"
_ANNOUNCED_ZH = re.compile(
    "(?:我叫|我的名字是|我的名字叫|我名叫|名字是|名字叫|名叫|他叫|她叫|姓名(?:是|为|叫)?|联系人(?:是|为|叫)?|收件人(?:是|为)?|收货人(?:是|为)?"
    "|户主(?:是|为)?|持卡人(?:是|为)?|投保人(?:是|为)?|患者(?:是|叫)|客户(?:是|叫)|我是|这里是|您是|你是|请问是|本人叫?)"
    rf"[\s:：,，、\"“「]*(?P<it>{_SURNAME}{_GIVEN})"
)
_SURE_ZH = re.compile("叫|名|姓|人|主|患者|客户")
_TITLES = (
    "先生|女士|小姐|太太|夫人|经理|老师|医生|大夫|主任|教授|师傅|律师|警官|阿姨|叔叔|同学|同志"
    "|护士|院长|校长|部长|局长|科长|处长|董事长|总监|总裁|博士"
)
_NEVER_TITLED = "和向于时文成单全连关包安能常明任何高万方古农司华阳党解路温易管项席宗麦景卫米车石游房谷盛"
"""Family names that are words as well: before a title alone they are not taken for names."""
_TITLED_ZH = re.compile(
    rf"(?<!{_HAN})(?P<full>(?!任何|常见|各位|单位){_SURNAME}{_HAN}{{1,2}}?)(?={_TITLES})"
    rf"|(?P<short>(?:{_DOUBLE}|(?![{_NEVER_TITLED}])[{_SINGLE}]))"
    rf"(?={_TITLES}|总(?![是共体计之会的要得能在部裁价理统额数量]))"
)
_NOT_BEFORE = re.compile("[上下这那每本一两三四五六七八九十双首元白大小老名星几数半]$")
"""`上周老师说` is about a week."""
_NO_NAME_ENDS = "生人员者师家长民商工手"
"""Of a word for what somebody is: `我是高中生`."""
_CAPITAL = r"[A-Z][a-z\u00c0-\u024f'\u2019]+(?:-[A-Z][a-z]+)?"
_NAME_EN = rf"{_CAPITAL}(?: [A-Z](?:\.|(?![A-Za-z])))?(?: (?:de|van|von|der|da|del|bin|al) )?(?: ?{_CAPITAL}){{0,2}}"
_ANNOUNCED_EN = re.compile(
    r"\b(?:[Mm]y name is|[Mm]y name's|[Nn]ame is|(?:[Hh]is|[Hh]er|[Tt]heir) name is|I am called|[Tt]hey call me"
    r"|[Cc]all me|[Ss]peaking with|[Tt]his is|I am|I'm|[Ss]igned by"
    r"|[Nn]ame:|[Pp]atient:?|[Cc]ustomer:?|[Cc]ardholder:?)[,:]? "
    rf"(?P<it>{_NAME_EN})"
)
_ANNOUNCED_LOW_EN = re.compile(
    r"\b(?:my name is|my name's|name is|(?:first|last|full) name is) "
    r"(?P<it>(?!not\b|on\b|in\b|the\b|a\b|an\b|too\b|very\b|my\b|spelled\b|written\b|at\b|called\b|there\b|missing\b|wrong\b|important\b|unknown\b|also\b|still\b|just\b|so\b|it\b)"
    r"[a-z']{2,20}(?: (?!and\b|from\b|i\b|i'm\b|but\b|so\b|my\b|with\b|the\b|at\b|is\b|on\b|in\b|for\b|to\b|you\b|or\b"
    r"|who\b|here\b|calling\b|speaking\b)[a-z']{2,20})?)",
)
_TITLED_EN = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Doctor|Sir|Madam|Mister)\b\.? (?P<it>{_NAME_EN})")
_TITLE_EN = re.compile(r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Doctor|Sir|Madam|Mister)\b\.? ")
_TITLE_ZH = re.compile(rf"(?:{_TITLES})\Z")
_PLAIN_EN = frozenset(
    [
        "The",
        "This",
        "That",
        "These",
        "Those",
        "Here",
        "There",
        "What",
        "When",
        "Where",
        "Why",
        "How",
        "Who",
        "Which",
        "Not",
        "Very",
        "So",
        "Too",
        "Just",
        "Also",
        "Still",
        "Now",
        "Then",
        "Sorry",
        "Glad",
        "Happy",
        "Sure",
        "Fine",
        "Good",
        "Great",
        "Ready",
        "Going",
        "Calling",
        "Looking",
        "Trying",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "English",
        "Chinese",
        "American",
        "British",
        "French",
        "German",
        "Japanese",
        "Indian",
        "Italian",
        "Spanish",
        "Canadian",
        "Christian",
        "Muslim",
        "Jewish",
        "Catholic",
        "God",
        "Jesus",
        "Santa",
        "Internet",
        "Google",
        "Apple",
        "Microsoft",
        "Amazon",
        "Facebook",
        "Windows",
        "Linux",
        "BBC",
        "CNN",
        "NPR",
        "America",
        "China",
        "London",
        "Paris",
        "New",
        "York",
        "Washington",
    ]
)
"""Words that stand with a capital after `I am` or `this is` and are no person's name."""
_WEAK_EN = re.compile(r"(?:This is|this is|I am|I'm|[Cc]all me)\W* $")


def find_names(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of a text that are names; may overlap."""
    yield from _chinese(text)
    yield from _english(text)
    for start, end in persons(text):
        if text[start:end].isascii() or not _is_doubtful(text, start):
            yield _untitled(text, start, end)


def _chinese(text: str) -> Iterator[tuple[int, int]]:
    for match in _ANNOUNCED_ZH.finditer(text):
        intro = text[match.start() : match.start("it")]
        name = match["it"]
        if not _SURE_ZH.search(intro) and not _stands_alone(text, match.end("it"), name):
            continue
        yield match.span("it")
    for match in _TITLED_ZH.finditer(text):
        start, end = match.span("full" if match["full"] else "short")
        if match["short"] and _is_doubtful(text, start):
            continue
        yield start, end


def _stands_alone(text: str, end: int, name: str) -> bool:
    """After a weak announcement such as `我是` a mark follows a name, or the end, or a title."""
    return name[-1] not in _NO_NAME_ENDS and bool(re.match(rf"\s*(?:[，,。.!！?？;；]|$|(?:{_TITLES}))", text[end:]))


def _is_doubtful(text: str, start: int) -> bool:
    return bool(_NOT_BEFORE.search(text[max(0, start - 1) : start]))


def _untitled(text: str, start: int, end: int) -> tuple[int, int]:
    """Without the title, which the library takes along."""
    title = _TITLE_EN.match(text, start, end) or None
    start = title.end() if title else start
    after = _TITLE_ZH.search(text, start, end)
    end = after.start() if after and after.start() > start else end
    return start, _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> int:
    """Without a character that begins what follows the name, as the library takes along now and then."""
    if end - start > 2 and not text[start:end].isascii() and text[end - 1] in _FOLLOWS:
        return end if re.match(_DOUBLE, text[start:end]) and end - start == 3 else end - 1
    return end


def _english(text: str) -> Iterator[tuple[int, int]]:
    for match in _ANNOUNCED_EN.finditer(text):
        words = match["it"].split()
        is_weak = bool(_WEAK_EN.search(text[match.start() : match.start("it")]))
        if words[0] in _PLAIN_EN:
            continue
        if (
            is_weak
            and len(words) == 1
            and not re.match(r"\s*(?:[,.!?;]|$|speaking|calling|from|here|and)", text[match.end("it") :])
        ):
            continue
        yield match.span("it")
    for pattern in (_ANNOUNCED_LOW_EN, _TITLED_EN):
        for match in pattern.finditer(text):
            yield match.span("it")
