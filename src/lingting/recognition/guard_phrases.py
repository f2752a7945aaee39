"""Sentences that Whisper writes when nobody speaks, learnt from the subtitles it was trained on.

Data only; `guard` decides what to do with them. All are compared as `squash` leaves a text: lower case,
full-width forms made narrow, no spaces and no marks. Chinese is listed in both scripts, since the script is
only changed after the guard.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["CREDITS", "SOUND_LABEL", "STOCK_PATTERN", "STOCK_PHRASES", "squash", "squash_character"]


def squash(text: str) -> str:
    """What is left of a text when only its letters and digits count: "Thank you!" is "thankyou"."""
    return "".join(squash_character(character) for character in text)


def squash_character(character: str) -> str:
    """One character's share of `squash`: nothing for a mark or a space, more than one letter for a ligature."""
    plain = unicodedata.normalize("NFKC", character).casefold()
    return "".join(part for part in plain if part.isalnum())


_CREDITS = (
    # Chinese
    r"(小[编編])?(中文)?字幕由?amara(org)?社[区區群]提供(的?字幕)?",
    r"由amara(org)?社[区區群]提供的?字幕",
    r"[请請]?不吝点[赞讚][订訂]?[阅閱]?[转轉]?[发發]?打?[赏賞]?支持明[镜鏡]与?點?点?[点點]*栏?欄?目?",
    r"[请請]?不吝[点點][赞讚贊](和)?([订訂][阅閱])?([转轉][发發])?(打[赏賞])?(支持明[镜鏡][与與]?[点點]*[栏欄]目)?",
    r"打[赏賞]支持明[镜鏡][与與][点點]*[栏欄]目",
    r"明[镜鏡][需要与與火拍点點]*[栏欄]目",
    r"(中文)?字幕(制作|製作|by)?索[兰蘭][娅婭]",
    r"(中文)?字幕志[愿願]者(李宗盛|[杨楊]茜茜|\w{2,3}$)",
    r"([词詞]曲|作?[词詞]作?曲?[编編]?曲?)李宗盛([作编編]曲李宗盛)*",
    r"[优優][优優][独獨]播[剧劇][场場](yoyotelevisionseriesexclusive)?",
    r"yoyotelevisionseriesexclusive",
    r"mingpaocanada(mingpaotoronto)?|mingpaotoronto",
    r"以下是普通[话話]的句子",
    r"以下是(简体|繁體|普通话|粤语|粵語)?中?文?的句子",
    # English
    r"(subtitles|captions|transcript|translation)(were)?(created|made|provided)?bytheamaraorgcommunity",
    r"(transcription|transcribed|captioned|captioning|subtitles|subtitled)by(castingwords|eso|steamteamextra|stevenwhite)",
    r"transcribedbyhttpsotterai",
    r"formoreinformation(please)?visitwww\w+(gov|com|org)$",
    r"thisvideohasbeentranscribedby\w+$",
    # French
    r"soustitresr[ée]alis[ée]s?(par|para)(la)?communaut[ée]d?amaraorg",
    r"soustitrage(st501|soci[ée]t[ée]radiocanada|fr)",
    r"parsoustitreurcom",
    # German
    r"untertitel(der|von|vonder)amaraorgcommunity",
    r"untertitel(ung)?(im)?(auftrag)?des(zdf|wdr|ndr|swr|br)(fürfunk)?(\d{4})?",
    r"untertitel(ung)?(imauftragdes)?(zdf|wdr|ndr|swr|br)(fürfunk)?\d{4}",
    r"copyrightwdr\d{4}",
    # Spanish, Portuguese, Italian, Catalan
    r"subt[íi]tulos(realizados|creados)?por(la)?comunidaddeamaraorg",
    r"legendas?(feitas?)?pelacomunidade(de)?amaraorg",
    r"sottotitoli(creati|erevisioneacuradi)(dallacomunit[àa]amaraorg|qtss)",
    r"subt[íi]tolscreatsperlacomunitatdamaraorg",
    # Dutch, Nordic
    r"ondertitel(s|ing)(ingediend)?doorde(amaraorggemeenschap|gemeenschapvanamaraorg)",
    r"(tekstet|teksting|dansketekster|undertekster|undertexter)(av|af)nicolaiwinther",
    r"undertexter(na)?fr[åa]namaraorggemenskapen",
    r"scandinaviantextservice\d{4}",
    # Polish, Czech, Russian, Ukrainian, Turkish, Greek
    r"napisystworzoneprzezspołeczno(ść|sc)amaraorg",
    r"titulkyvytvo[řr]iljohnyx",
    r"субтитры(сделал|создавал|делал|подогнал|подготовил)(dimatorzok|симон)",
    r"субтитрыпредоставленысообществомamaraorg",
    r"редакторсубтитров\w{1,24}корректор\w{1,24}",
    r"altyazımk",
    r"υπότιτλοιauthorwave",
    # Arabic, Vietnamese, Indonesian
    r"ترجمةنانسيقنقر",
    r"(hãy)?subscribechokênhghiềnmìgõ(đểkhôngbỏlỡnhữngvideohấpdẫn)?",
    r"phụđềđượcthựchiệnbởicộngđồngamaraorg",
    # Japanese, Korean
    r"字幕(は)?amaraorg(コミュニティ|コミュニティー)(によって)?(提供|作成)?\w{0,6}$",
    r"(한글)?자막by\w{2,4}",
    r"자막제공\w{2,10}$",
)
CREDITS = re.compile("|".join(f"(?:{pattern})" for pattern in _CREDITS))
"""Credits of subtitle makers and prompts given back. Nobody dictates them: removed wherever they stand."""

SOUND_LABEL = re.compile(
    r"[\[(\uff08\u3010][^\])\uff09\u3011]{0,60}[\])\uff09\u3011]|[*\u266a\u266b][^*\u266a\u266b]{0,60}[*\u266a\u266b]"
)
"""A label such as "[Music]", "(applause)" or "♪ la la ♪"; matched on the raw text."""

# fmt: off
_STOCK_PHRASES = {
    # Chinese: thanks, farewells, appeals
    "谢谢", "謝謝", "谢谢大家", "謝謝大家", "谢谢观看", "謝謝觀看", "谢谢收看", "謝謝收看", "谢谢您的观看",
    "謝謝您的觀看", "感谢观看", "感謝觀看", "感谢收看", "感謝收看", "感谢您的观看", "感謝您的觀看", "多谢您的观看",
    "多謝您的觀看", "多谢观看", "多謝觀看", "多谢收看", "多謝收看", "谢谢大家收看", "謝謝大家收看", "谢谢大家观看",
    "謝謝大家觀看", "谢谢你的观看", "謝謝你的觀看", "谢谢收听", "謝謝收聽", "请订阅", "請訂閱", "请点赞订阅",
    "请订阅我的频道", "請訂閱我的頻道", "记得订阅", "記得訂閱", "点赞订阅转发", "點讚訂閱轉發", "欢迎订阅",
    "歡迎訂閱", "欢迎订阅我的频道", "歡迎訂閱我的頻道", "别忘了点赞订阅", "下次再见", "下次再見", "下期再见",
    "下期再見", "我们下期再见", "我們下期再見", "再见", "再見", "拜拜", "未完待续", "未完待續", "完", "待续", "本集完",
    "中文字幕", "字幕", "字幕制作", "字幕製作", "音乐", "音樂", "掌声", "掌聲", "笑声", "嗯", "啊", "哦", "呃", "对",
    "好", "我", "你", "这些人", "不知", "点赞", "订阅",
    # English
    "you", "thankyou", "thankyouverymuch", "thankyousomuch", "thankyouall", "thanks", "thanksforwatching",
    "thankyouforwatching", "thankyousomuchforwatching", "thanksforwatchingandseeyounexttime", "thanksforlistening",
    "thankyouforlistening", "thanksforyourtime", "thankyouforyourattention", "pleasesubscribe", "subscribe",
    "pleasesubscribetomychannel", "pleasesubscribetothechannel", "likeandsubscribe", "dontforgettosubscribe",
    "dontforgettolikeandsubscribe", "seeyounexttime", "seeyouinthenextvideo", "seeyouinthenextone", "illseeyounexttime",
    "illseeyouinthenextvideo", "seeyoulater", "bye", "byebye", "goodbye", "goodnight", "theend", "tobecontinued",
    "music", "applause", "laughter", "silence", "imsorry", "sorry", "ok", "okay", "oh", "ah", "uh", "um", "hmm", "mm",
    "mmhmm", "so", "yeah", "yes", "no", "i", "im", "the", "and", "alright", "allright", "wearegoingtohaveagoodtime",
    # Japanese
    "ご視聴ありがとうございました", "ご視聴ありがとうございます", "ご清聴ありがとうございました",
    "最後までご視聴いただきありがとうございます", "最後までご視聴いただきありがとうございました",
    "最後まで視聴してくださって本当にありがとうございます", "ありがとうございました", "ありがとうございます",
    "ありがとう",
    "チャンネル登録お願いします", "チャンネル登録をお願いします", "チャンネル登録をお願いいたします",
    "チャンネル登録と高評価をお願いします", "チャンネル登録よろしくお願いします", "おやすみなさい", "次回予告",
    "終わり", "また次の動画でお会いしましょう", "では", "はい", "ん", "んー",
    # Korean
    "시청해주셔서감사합니다", "끝까지시청해주셔서감사합니다", "구독과좋아요부탁드립니다", "구독과좋아요부탁드려요",
    "구독좋아요부탁드립니다", "감사합니다", "고맙습니다", "다음영상에서만나요", "다음시간에만나요", "네", "아", "음",
    # French, German, Dutch
    "merci", "mercidavoirregardé", "mercidavoirregardécettevidéo", "mercidavoirregardélavidéo", "abonnezvous",
    "noubliezpasdevousabonner", "àbientôt", "aurevoir", "soustitres", "musique",
    "vielendank", "vielendankfürszuschauen", "vielendankfürszuhören", "dankefürszuschauen", "danke", "tschüss",
    "bistzumnächstenmal", "biszumnächstenmal", "untertitel", "bedankt", "bedanktvoorhetkijken", "totdevolgendekeer",
    # Spanish, Portuguese, Italian, Catalan
    "gracias", "graciasporver", "graciasporverelvideo", "muchasgracias", "suscríbete", "suscribetealcanal",
    "suscríbetealcanal", "nosvemosenelpróximovideo", "nosvemosenelpróximovídeo", "hastalapróxima", "adiós",
    "obrigado", "obrigada", "obrigadoporassistir", "inscrevasenocanal", "atéapróxima", "atéopróximovídeo", "tchau",
    "grazie", "grazieperlavisione", "grazieperaverguardato", "grazieperaverguardatoilvideo", "iscrivitialcanale",
    "allaprossima", "ciao", "graciespermirar",
    # Russian, Ukrainian, Polish, Czech
    "спасибо", "спасибозапросмотр", "спасибозавнимание", "подписывайтесьнаканал", "подпишисьнаканал",
    "подписывайтесьнамойканал", "ставьтелайки", "продолжениеследует", "досвидания", "пока", "дякую", "дякуюзаперегляд",
    "дякуюзаувагу", "підписуйтесьнаканал", "dziękuję", "dziękujęzaoglądanie", "dziękujęzauwagę", "dziękizaoglądanie",
    "dziękuje", "subskrybuj", "děkuji", "děkujizapozornost",
    # Turkish, Nordic, Finnish, Greek, Romanian, Hungarian
    "teşekkürler", "teşekkürederim", "izlediğiniziçinteşekkürler", "izlediğiniziçinteşekkürederim", "aboneolun",
    "aboneolmayıunutmayın", "tack", "tackförattnitittade", "tackförattduharsett", "takk",
    "takkforatduså", "takforatduså",
    "kiitos", "kiitoskunkatsoit", "ευχαριστώ", "mulțumesc", "mulțumescpentruvizionare", "köszönömafigyelmet",
    "köszönöm",
    # Arabic, Hebrew, Persian, Hindi, Thai, Vietnamese, Indonesian
    "شكرا", "شكراللمشاهدة", "شكراعلىالمشاهدة", "اشتركوافيالقناة", "اشتركفيالقناة", "اشتركوافيالقناةوفعلوازرالجرس",
    "תודה", "תודהרבה", "תודהעלהצפייה", "ممنونازتماشا", "متشکرم", "धन्यवाद",
    "ขอบคุณ", "ขอบคุณครับ", "ขอบคุณค่ะ", "cảmơn", "cảmơncácbạn", "cảmơncácbạnđãtheodõi", "cảmơnđãxem",
    "hẹngặplạicácbạntrongnhữngvideotiếptheo", "đăngkýkênh", "terimakasih", "terimakasihtelahmenonton",
    "terimakasihsudahmenonton", "sampaijumpa", "janganlupasubscribe",
}
# fmt: on
STOCK_PHRASES = frozenset(map(squash, _STOCK_PHRASES))
"""What subtitles say over closing music, and filler syllables. People say them too, so they are only dropped
where the evidence of speech is weak."""
STOCK_PATTERN = re.compile(r"(mbc|kbs|sbs|ytn)뉴스(\w{2,4}(기자)?입니다)?|(下|本)(一)?[集期](完|再[见見])")
"""More of the same, with a name or a number in it: reporters do sign off like this."""
