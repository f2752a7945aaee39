"""The words that tell what a Chinese number is about, or that it is none. Tables only."""

from __future__ import annotations

__all__ = ["FIXED", "MORE_OR_LESS", "NOT_BEFORE", "NUMBERED", "PART_OF_DAY", "STRONG_UNIT", "WEAK_UNIT"]


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


FIXED = _listed(
    """
    十足 十全十美 十字 十佳 十恶不赦 十拿九稳 十有八九 十之八九 十万火急 十万八千里 十面埋伏 十年寒窗 十月怀胎
    十里洋场 百分百 二百五 一百八十度大转弯 一千零一夜 一二一 一元复始 三十而立 四十不惑 五十知天命 五十步笑百步
    三十六计 七十二变 八十一难 三百六十行 十八般 十八罗汉 十三陵 一万个不 一百个不 一千个不 一百个放心 二十四孝
    二十四史 二十四节气 二十八宿 四十大盗 二一添作五 十二生肖 十二星座 十四行诗 百八十 一点一滴 一点一点 一分一秒
    一分一毫 五十音 十二指肠
    """
)
"""Words that hold a number and mean something else, as the dictionaries list them."""
NOT_BEFORE = _listed("几 数 初 廿 卅 正月 腊月 大年 双 农历 周 星期 礼拜")
"""What a run after it is part of: an approximation, a day of the old calendar or of the week, a name."""
PART_OF_DAY = _listed(
    """
    上午 下午 早上 早晨 清晨 凌晨 中午 正午 傍晚 晚上 夜里 半夜 深夜 午夜 今晚 明晚 昨晚 当晚 今早 明早 午后 晚 早
    """
)
NUMBERED = _listed("号 码 电话 手机 编号 代号 分机 房间 拨打 拨 航班 邮编 车牌")
"""After these a number may be said digit by digit."""
MORE_OR_LESS = tuple("有快早晚慢好大小多少高低远近长短差这那冷热贵轻重强弱")
"""Before 一点 these compare: 快一点三个人."""
STRONG_UNIT = (
    "平方(?:公里|千米|厘米|米)|立方(?:厘米|米)|平米|公里|千米|厘米|毫米|微米|纳米|公斤|千克|毫克|微克|毫升|公顷"
    "|英里|英寸|英尺|海里|摄氏度|华氏度|分钟|秒钟|小时|千瓦时|千瓦|兆瓦|伏特|安培|千赫|兆赫|赫兹|分贝|兆字节|兆"
    "|千卡|卡路里|马力|欧元|美元|美金|英镑|日元|港元|港币|韩元|卢布|人民币|个百分点|块钱|毛钱|分钱"
)
"""After these any number is an amount."""
WEAK_UNIT = "米|克|吨|升|秒|斤|瓦|伏|元(?![次化论函朝旦宵桥里方])"
"""After these any number but 一 is."""
