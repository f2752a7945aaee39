"""The first rule that fits a clip decides where it goes."""

import pytest

from lingting.domain import Priority, RecognizeOptions, Redaction, RedactMode, Scope
from lingting.domain.errors import InvalidOption, ModelNotFound, SettingsInvalid
from lingting.domain.principal import ANYBODY, Principal
from lingting.engines.base import EngineKind
from lingting.recognition.route_policy import Asked, RoutePolicy, RouteRule, Work, routed_names, work_of
from lingting.recognition.served import Served, ServedNames

pytestmark = pytest.mark.unit

MODELS = (
    Served("base", "whisper", is_default=True),
    Served("large", "whisper", aliases=("accurate",)),
    Served("cloud", "aliyun", kind=EngineKind.REMOTE),
)
TO_CLOUD = ("cloud", "base")


def chosen(
    *rules: RouteRule,
    caller: Principal = ANYBODY,
    work: Work = Work.REQUEST,
    seconds: float | None = None,
    **options: object,
) -> tuple[str, ...]:
    names = ServedNames(MODELS, default_names=("whisper-1",), routed_names=routed_names(rules))
    way = RoutePolicy(names, rules).choose(Asked(caller, work, RecognizeOptions(**options), seconds))
    return tuple(served.name for served in way.chain)


def test_without_rules_the_default_answers_or_who_is_named() -> None:
    assert chosen() == ("base",)
    assert chosen(model="whisper-1") == ("base",)
    assert chosen(model="accurate") == ("large",)
    with pytest.raises(ModelNotFound):
        chosen(model="best")


@pytest.mark.parametrize(
    ("rule", "asked", "fits"),
    [
        ({"languages": ("zh", "yue")}, {"language": "zh"}, True),
        ({"languages": ("zh", "yue")}, {"languages": ("zh", "yue")}, True),
        ({"languages": ("zh", "yue")}, {"languages": ("zh", "en")}, False),
        ({"languages": ("zh",)}, {"language": "en"}, False),
        ({"languages": ("zh",)}, {}, False),
        ({"keys": ("key1",)}, {"caller": Principal("key1")}, True),
        ({"keys": ("key1",)}, {"caller": Principal("key2")}, False),
        ({"keys": ("tenant:clinic",)}, {"caller": Principal("key2", tenant="clinic")}, True),
        ({"labels": ("app",)}, {"caller": Principal("key1", label="app")}, True),
        ({"labels": ("app",)}, {"caller": ANYBODY}, False),
        ({"scopes": (Scope.ADMIN,)}, {"caller": Principal("k", scopes=frozenset({Scope.ADMIN}))}, True),
        ({"scopes": (Scope.ADMIN,)}, {"caller": Principal("k", scopes=frozenset({Scope.JOBS}))}, False),
        ({"work": (Work.JOB,)}, {"work": Work.JOB}, True),
        ({"work": (Work.JOB, Work.REQUEST)}, {"work": Work.STREAM}, False),
        ({"min_seconds": 60.0}, {"seconds": 60.0}, True),
        ({"min_seconds": 60.0}, {"seconds": 59.0}, False),
        ({"min_seconds": 60.0}, {}, False),
        ({"max_seconds": 60.0}, {"seconds": 59.0}, True),
        ({"max_seconds": 60.0}, {"seconds": 61.0}, False),
        ({"models": ("best",)}, {"model": "best"}, True),
        ({"models": ("best",)}, {}, False),
        ({"models": ("accurate",)}, {"model": "accurate"}, True),
        ({"models": ("accurate",)}, {"model": "large"}, False),
        ({"models": ("*",)}, {"model": "large"}, True),
        ({"models": ("*",)}, {}, True),
        ({}, {}, True),
        ({}, {"model": "whisper-1"}, True),
        ({}, {"model": "large"}, False),
    ],
)
def test_a_rule_fits_when_all_it_says_does(rule, asked, fits) -> None:
    assert (chosen(RouteRule(TO_CLOUD, **rule), **asked) == TO_CLOUD) is fits


def test_the_first_rule_that_fits_decides() -> None:
    rules = RouteRule(("large",), languages=("zh",)), RouteRule(("cloud",))
    assert (chosen(*rules, language="zh"), chosen(*rules, language="en")) == (("large",), ("cloud",))


def test_whoever_keeps_audio_here_goes_past_other_servers() -> None:
    assert chosen(RouteRule(TO_CLOUD), local_only=True) == ("base",)
    with pytest.raises(InvalidOption, match="'cloud' is another server"):
        chosen(model="cloud", local_only=True)


@pytest.mark.parametrize(
    ("options", "shadowed"),
    [
        ({}, True),
        ({"local_only": True}, False),
        ({"redaction": Redaction(RedactMode.MASK)}, False),
    ],
)
def test_no_shadow_falls_on_another_server_of_what_is_to_stay(options, shadowed) -> None:
    policy = RoutePolicy(ServedNames(MODELS), [RouteRule(("base",), shadow="cloud", shadow_ratio=0.5)])
    way = policy.choose(Asked(ANYBODY, Work.REQUEST, RecognizeOptions(**options)))
    assert (way.shadow is not None) is shadowed


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (RouteRule(()), r"routes\.0\.chain"),
        (RouteRule(("base", "base")), r"routes\.0\.chain"),
        (RouteRule(("base", "far")), r"routes\.0\.chain: 'far' is not served; use some of base, large, cloud"),
        (RouteRule(("base",), shadow="far"), r"routes\.0\.shadow"),
        (RouteRule(("base",), min_seconds=2.0, max_seconds=1.0), r"routes\.0\.min_seconds"),
    ],
)
def test_a_rule_that_leads_nowhere_stops_the_start(rule, said) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        RoutePolicy(ServedNames(MODELS), [rule])


def test_callers_whom_other_rules_may_fit_do_not_share_kept_answers() -> None:
    rules = [RouteRule(("large",), labels=("app",), languages=("zh",)), RouteRule(("base",), work=(Work.JOB,))]
    policy = RoutePolicy(ServedNames(MODELS), rules)
    app = Principal("key1", label="app")
    assert policy.facet(app, Work.REQUEST) != policy.facet(ANYBODY, Work.REQUEST)
    assert policy.facet(ANYBODY, Work.JOB) != policy.facet(ANYBODY, Work.REQUEST)
    assert policy.facet(ANYBODY, Work.STREAM) == policy.facet(Principal("key2"), Work.REQUEST)


def test_work_is_told_from_the_priority() -> None:
    assert [work_of(each) for each in Priority] == [Work.STREAM, Work.STREAM, Work.REQUEST, Work.JOB]
