"""What is hidden in a text, and what stays: a table for each language, and promises that hold for any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.domain import PiiKind, Punctuation, RecognizeOptions, Redaction, RedactMode, Segment, Word
from lingting.domain.errors import InvalidOption
from lingting.domain.redaction import ALL_KINDS
from lingting.text.chain import apply
from lingting.text.privacy.redaction import find, hidden_text, hide

pytestmark = pytest.mark.unit

# In the text, what is to be hidden stands between < and >.
HIDDEN_ZH = """
phone 我的电话是<13800138000>
phone 请拨打<138 0013 8000>。
phone 请拨打<138-0013-8000>。
phone 手机号<１３８００１３８０００>
phone 电话<幺三八零零幺三八零零零>
phone 我的手机是<一三八 零零一三 八零零零>
phone 号码是<一三八，零零幺三，八零零零>，记一下
phone 打我电话<138，嗯，0013，8000>吧
phone 加区号<+86 138 0013 8000>
phone 拨<0086-13800138000>
phone 座机是<0755-88886666>
phone 电话<010-62345678>转8001
phone 座机<62345678>
phone 两个号码<13800138000>和<13900139000>
phone 我的手机<一三八零零一三八零零零零>
phone <186 1234 5678>是我的
phone 传真<021 6234 5678>
phone 联系方式<1391234567>
id_card 身份证号<11010519491231002X>
id_card 身份证<11010519491231002x>。
id_card 我的号<一一零一零五一九四九一二三一零零二叉>
id_card <110105 19491231 002X>就是
id_card 身份证是<110105194912310021>
id_card 证件号<110105491231002>
bank_card 卡号<6222021234567890128>
bank_card 我的卡号是<4111111111111111>
bank_card 卡号<6222 0212 3456 7890 128>
bank_card 银行卡<4111-1111-1111-1111>
bank_card 银行卡号是<六二二二零二一二三四五六七八九零一二八>
bank_card 我的账号是<6222021234567890>
passport 护照号<E12345678>
passport 我的护照是<G12345678>
passport 护照号码<E一二三四五六七八>
plate 车牌是<京A12345>
plate 车牌<粤B·D12345>在停车场
plate <沪A·12345>违停了
plate 新能源<粤BD12345>
plate 车牌<京A幺二三四五>
email 邮箱是<test@example.com>
email 发到<zhang.san@example.com.cn>
email 电子邮件是<zhangsan艾特163点com>
email 邮箱<ａｂｃ＠example.com>
ip IP地址是<192.168.1.1>
ip 服务器是<一九二点一六八点一点一>
ip 服务器是<192点168点1点1>
ip 地址<fe80::1ff:fe23:4567:890a>
name 我叫<王小明>，今年三十岁
name 我叫<王小明>住在北京
name 我的名字是<李雷>。
name 姓名<欧阳娜娜>
name 联系人<张三丰>
name 收件人是<刘德华>
name 我是<王明>。
name <王小明>先生您好
name <张力>先生您好
name 请找<李>女士
name 请联系<陈>经理
name <周>医生在吗
name 您好，<诸葛>先生
address 我住在<北京市朝阳区建国路88号3单元502室>
address 寄到<上海市浦东新区世纪大道100号>
address 住在<杭州市西湖区文三路478号华星时代广场A座1801>
address 我住在<幸福小区3号楼2单元501室>
address 在<解放路12号>
address 地址是<人民路一百二十三号>
"""
HIDDEN_EN = """
phone Call me at <415-555-2671> please.
phone or <(415) 555-2671>, either way
phone my phone number is <four one five five five five two six seven one>
phone my number is <4155552671>
phone reach me at <+44 20 7946 0958>
phone call <1-415-555-2671>
phone <415.555.2671> is his cell
phone my cell is <four one five, five five five, two six seven one>
phone my mobile is <double five five, triple two, one two three four>
phone text me at <555-1234>
ssn my SSN is <123-45-6789>
ssn social security number <123 45 6789>
ssn my social is <one two three four five six seven eight nine>
ssn my ssn <123456789>
bank_card my card is <4111 1111 1111 1111>
bank_card card number <5555555555554444>
bank_card my card is <four one one one one one one one one one one one one one one one>
bank_card pay with <378282246310005>
bank_card my account number is <1234567890>
email write to <john.smith@example.com>.
email email me at <john dot smith at example dot com>
email it is <mary_jane+work@example.co.uk>
email <j.doe@example.org> is mine
email mail <anna at example dot org>, thanks
passport passport number <X12345678>
passport my passport is <123456789>
ip the ip is <10.0.0.1>
ip ping <2001:db8::8a2e:370:7334> now
ip the host is <10 dot 0 dot 0 dot 1>
plate my license plate is <ABC 1234>
name My name is <John Smith> and I am new here.
name my name is <jane doe>
name This is <John Smith> speaking
name I'm <Sarah>, nice to meet you
name I am <Sarah Connor>.
name Mr. <Brown> went home
name Ms. <Emily Clark> will see you
name Dr. <Johnson> said hello
name her name is <Mary Jane Watson>
name Please ask Mrs. <O'Neill>
address I live at <123 Main Street, Springfield, IL 62704>.
address send it to <1600 Pennsylvania Avenue NW, Washington, DC 20500>
address we are at <221B Baker Street> in London
address deliver to <45 West 5th Avenue, Apt 12>
address i live at <12 oak lane>
"""
STAYS_ZH = """
今天的价格是13800元
一共花了13800138000元
订单号是20231121123456789
订单号码是13800138000
快递单号4155552671
型号是A1234567
2026年11月21日下午3点30分
他今年18岁，身高180厘米
版本3.11.2发布了
版本号1.2.3.4
圆周率是3.1415926535
得票数18612345678票
第13800138000号
人口是1400000000
高兴地说，王者荣耀很好玩
马上就好，黄金周快到了
白天晚上都在下雨，方便面很好吃
这个方案的张力很大，周末去爬山
中国建设银行北京分行
他在人民路等我
长安街上人很多
一条路走到黑
二十一世纪大道很宽
三里屯的酒吧
上海市徐汇区
我来自浙江省杭州市
这本书的定价是39.8元，一共卖了123456册
温度从15度升到28度
10:30:15的会议
比赛结果是3比2
我是中国人
我是高中生
我是学生
上周老师说作业要交
任何小姐都可以参加
总经理来了
向老师请教
经理说可以
一位先生问路
小姐请坐
京东A级商品
川菜很好吃
桂花糕和苏打水
邮编是100081
他跑了一万两千米
九九八十一难
一二三四五
百分之十五点五
会议室在三零二
航班号CA1234
车次是G1234
学号是2023001234
护照丢了怎么办
电话打不通
手机没电了
身份证忘带了
银行卡要不要带
邮箱满了
第一第二第三
零点五
周一到周五
成本大概是两百万
金山软件和石头科技
"""
STAYS_EN = """
order number 4155552671
it costs $1,234.56 on 12/25/2024 at 10:30
version 1.2.3.4 is out
the part number is 123-45-6789
invoice 123-45-6789 is due
Mark the date, Will Grace come in May?
The Boeing 737 800 took off
Washington is a city in the north west
I am happy to help you
I am going home now
This is New York
This is great, thank you
I'm sorry about that
My name is on the list
call me later please
it has 4294967296 colors
about 1234567890 people live there
the total is 1234567890
at 3 pm on the 5th of May
5 people drive on the main road
he lives on 5th Avenue
turn left at the next street
Main Street was empty
zero one two three
one two three four five six
the year 2026 was good
chapter 12, page 345
room 1204 on floor 12
flight UA 1234 to Denver
tracking number 123456789012
serial number 1234567890123456
population 331449281
a ratio of 16:9
the score was 21 to 19
20 percent of 400 dollars
pi is 3.14159265358979
look at example dot com
meet me at noon dot
visit us at the market
my card was lost
my passport expired
my phone is broken
Dear Sir, thank you
doctor, it hurts here
Miss it and you lose
the model 123456789 was sold
case 415 555 2671 was closed
an apple a day
Jordan is a country
the Apple store on the corner
May the force be with you
I will call you back
rose and lily are flowers
will power matters
the hunter saw a fox
one more time
two or three things
a 10 mile run
it was 98.6 degrees
five six seven eight
"""


def _cases(table: str) -> list[tuple[PiiKind, str]]:
    lines = (line.partition(" ") for line in table.strip().splitlines())
    return [(PiiKind(kind), text) for kind, _, text in lines]


def _marked(text: str) -> str:
    for each in reversed(find(text, ALL_KINDS)):
        text = f"{text[: each.start]}<{text[each.start : each.end]}>{text[each.end :]}"
    return text


@pytest.mark.parametrize(("kind", "marked"), _cases(HIDDEN_ZH) + _cases(HIDDEN_EN))
def test_personal_data_is_found_to_its_edges(kind: PiiKind, marked: str) -> None:
    text = marked.replace("<", "").replace(">", "")
    assert _marked(text) == marked
    assert {each.kind for each in find(text, ALL_KINDS)} == {kind}


@pytest.mark.parametrize("text", STAYS_ZH.strip().splitlines() + STAYS_EN.strip().splitlines())
def test_ordinary_text_stays(text: str) -> None:
    assert _marked(text) == text


def test_only_the_kinds_that_are_named_are_hidden() -> None:
    text = "我叫王小明，电话13800138000"
    assert [each.kind for each in find(text, (PiiKind.PHONE,))] == [PiiKind.PHONE]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (RedactMode.MASK, "电话是***********。"),
        (RedactMode.TAG, "电话是[电话]。"),
        (RedactMode.TOKEN, "电话是⟦PHONE:sealed⟧。"),
    ],
)
def test_each_mode_writes_its_own(mode: RedactMode, expected: str) -> None:
    text = "电话是13800138000。"
    found = find(text, ALL_KINDS)
    assert hidden_text(text, found, language="zh", mode=mode, sealer=lambda kind, text: "sealed") == expected


def test_tags_are_english_in_other_languages() -> None:
    text = "call 415-555-2671"
    assert hidden_text(text, find(text, ALL_KINDS), language="en", mode=RedactMode.TAG) == "call [PHONE]"


def test_a_number_over_two_words_leaves_nothing_in_either() -> None:
    words = (
        Word("电话138", 1.0, 1.5, 0.9, (1, 2)),
        Word("00138000", 1.5, 2.5, 0.8, (3,)),
        Word("好", 2.5, 3.0, 0.9, (4,)),
    )
    segment = Segment(0, 1.0, 3.0, "电话13800138000好", "zh", words, tokens=(1, 2, 3, 4))
    made = hide(segment, find(segment.text, ALL_KINDS), Redaction(RedactMode.MASK))
    assert [word.text for word in made.words] == ["电话***********", "好"]
    assert (made.words[0].start_seconds, made.words[0].end_seconds) == (1.0, 2.5)
    assert made.tokens == ()
    assert all(word.tokens == () for word in made.words)


def test_a_find_is_reported_with_its_time_and_without_its_text() -> None:
    words = (Word("我的", 0.0, 0.5, 1.0), Word("电话", 0.5, 1.0, 1.0), Word("13800138000", 1.0, 3.0, 1.0))
    segment = Segment(0, 0.0, 3.5, "我的电话13800138000", "zh", words)
    (gone,) = hide(segment, find(segment.text, ALL_KINDS), Redaction(RedactMode.TAG)).redacted
    assert (gone.kind, gone.start_seconds, gone.end_seconds) == (PiiKind.PHONE, 1.0, 3.0)


def test_what_the_number_step_wrote_is_hidden_as_well() -> None:
    options = RecognizeOptions(itn=True, punctuation=Punctuation.OFF)
    (made,) = apply((Segment(0, 0.0, 3.0, "我的电话是幺三八零零幺三八零零零", "zh"),), options)
    assert hidden_text(made.text, find(made.text, ALL_KINDS), language="zh", mode=RedactMode.TAG) == "我的电话是[电话]"


def test_a_floor_refuses_less_and_takes_more() -> None:
    floor = Redaction(RedactMode.MASK, (PiiKind.PHONE,), is_floor=True)
    assert floor.asked(RedactMode.TAG, ALL_KINDS).kinds == ALL_KINDS
    for mode, kinds in ((RedactMode.OFF, None), (RedactMode.TOKEN, None), (None, [PiiKind.NAME])):
        with pytest.raises(InvalidOption):
            floor.asked(mode, kinds)
    assert floor.over(Redaction()).mode is RedactMode.MASK


def test_no_kinds_at_all_are_refused() -> None:
    with pytest.raises(InvalidOption):
        Redaction(RedactMode.MASK, ())


def test_what_the_library_warns_its_own_callers_of_reaches_nobody() -> None:
    assert find("This is my wife, John Smith, and I live at 12 Main Street.", ALL_KINDS)


HINTS = "13800138000|一三八| |零零一三八零零零|我叫王小明|，|my name is John|4111 1111 1111 1111|a@b.com|路12号|。|\n"
pieces = st.sampled_from(HINTS.split("|"))
texts = st.one_of(st.text(max_size=60), st.lists(st.one_of(pieces, st.text(max_size=4)), max_size=12).map("".join))


@settings(max_examples=150, deadline=None)
@given(texts, st.sampled_from([RedactMode.MASK, RedactMode.TAG, RedactMode.TOKEN]), st.integers(1, 7))
def test_nothing_of_a_find_is_left_and_times_stay_in_order(text: str, mode: RedactMode, size: int) -> None:
    text = text.strip()
    cuts = [text[i : i + size] for i in range(0, len(text), size)]
    words = tuple(Word(cut, i * 0.3, i * 0.3 + 0.2, 1.0, (i,)) for i, cut in enumerate(cuts))
    found = find(text, ALL_KINDS)
    made = hide(Segment(0, 0.0, 20.0, text, "zh", words), found, Redaction(mode))
    assert "".join(word.text for word in made.words).strip() == made.text
    assert all(one.start_seconds <= other.start_seconds for one, other in zip(made.words, made.words[1:], strict=False))
    assert len(made.redacted) == len(found)
    for each in found:
        hidden = text[each.start : each.end]
        assert made.text.count(hidden) == 0 or text.count(hidden) > 1


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(), max_size=80))
def test_any_unicode_is_taken_and_answered_the_same_twice(text: str) -> None:
    found = find(text, ALL_KINDS)
    assert found == find(text, ALL_KINDS)
    assert all(0 <= each.start < each.end <= len(text) for each in found)


@pytest.mark.parametrize(
    "piece", ["a", "1", "一", "点 ", "a dot ", "路", "A b ", "京A", "@", "我叫", "Aa ", "1:", "a.", "12 "]
)
def test_a_text_made_to_be_slow_is_read_in_time(piece: str) -> None:
    """Bound in steps, not in seconds: a quadratic reading of this much would not end while the suite runs."""
    find(piece * 2_000, ALL_KINDS)
