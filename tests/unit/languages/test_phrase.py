"""A phrase is English wherever it is kept, and is told in the language of who reads it."""

from __future__ import annotations

import copy
import json
import pickle
import sqlite3

from orchestrator.errors import DeliveryError, LifecycleError
from orchestrator.languages import Phrase, _, flat, joined, packed, unpacked

WORDS = {
    "%(count)s rows of %(what)s": "%(what)s：%(count)s 行",
    "old runs": "旧的运行",
    "%(where)s: %(what)s": "%(where)s：%(what)s",
    "%(what)s; %(remedy)s": "%(what)s；%(remedy)s",
    "%(first)s (and %(more)s more)": "%(first)s（另有 %(more)s 处）",
    "it is wrong": "有错",
    "100 %": "百分之百",
}


def chinese(message: str) -> str:
    return WORDS.get(message, message)


def test_a_phrase_is_english_as_a_string_and_told_with_its_values_where_the_other_language_has_them() -> None:
    phrase = _("%(count)s rows of %(what)s") % {"count": 3, "what": _("old runs")}
    assert phrase == "3 rows of old runs"
    assert phrase.told(chinese) == "旧的运行：3 行"


def test_a_phrase_without_values_may_have_a_percent_sign() -> None:
    assert _("100 %").told(chinese) == "百分之百"


def test_values_are_not_taken_for_messages() -> None:
    phrase = _("%(count)s rows of %(what)s") % {"count": 1, "what": "old runs"}
    assert phrase.told(chinese) == "old runs：1 行"


def test_phrases_put_together_are_each_told() -> None:
    both = joined(" 100%, ", [_("it is wrong"), "db1", _("old runs")])
    assert both == "it is wrong 100%, db1 100%, old runs"
    assert both.told(chinese) == "有错 100%, db1 100%, 旧的运行"


def test_one_line_stays_a_phrase() -> None:
    phrase = flat(_("%(count)s rows of %(what)s") % {"count": 1, "what": "a\n  b"})
    assert phrase == "1 rows of a b"
    assert phrase.told(chinese).endswith("：1 行")
    assert flat("50 %\nof it").told(chinese) == "50 % of it"


def test_records_json_and_copies_have_the_english_text() -> None:
    phrase = _("%(count)s rows of %(what)s") % {"count": 3, "what": _("old runs")}
    assert json.dumps({"note": phrase}) == '{"note": "3 rows of old runs"}'
    stored = sqlite3.connect(":memory:").execute("SELECT ?", (phrase,)).fetchone()[0]
    assert (type(stored), stored) == (str, "3 rows of old runs")
    for twin in (copy.deepcopy(phrase), pickle.loads(pickle.dumps(phrase))):
        assert isinstance(twin, Phrase)
        assert twin.told(chinese) == "旧的运行：3 行"


def test_an_error_is_english_as_a_string_and_told_part_by_part() -> None:
    error = LifecycleError(_("it is wrong"), where="a.yml:3", remedy=_("old runs"))
    assert str(error) == "a.yml:3: it is wrong; old runs"
    assert [line.told(chinese) for line in error.lines()] == ["a.yml:3：有错；旧的运行"]


def test_several_mistakes_are_each_told() -> None:
    both = DeliveryError.of([DeliveryError(_("it is wrong"), where="a.yml:3"), DeliveryError("b", where="a.yml:9")])
    assert both.line() == "a.yml:3: it is wrong (and 1 more)"
    assert both.line().told(chinese) == "a.yml:3：有错（另有 1 处）"
    assert [line.told(chinese) for line in both.lines()] == ["a.yml:3：有错", "a.yml:9：b"]


def test_a_phrase_goes_to_another_process_and_comes_back() -> None:
    phrase = _("%(count)s rows of %(what)s") % {"count": 3, "what": _("old runs")}
    back = unpacked(json.loads(json.dumps(packed(phrase))))
    assert back == phrase
    assert back.told(chinese) == "旧的运行：3 行"
    assert [unpacked(packed(other)) for other in ("text", 3, None, ["a"])] == ["text", 3, None, ["a"]]


def test_a_change_is_made_to_the_english_text_and_to_every_value() -> None:
    phrase = _("%(count)s rows of %(what)s") % {"count": 3, "what": joined(", ", ["secret", _("old runs")])}
    masked = phrase.mapped(lambda text: text.replace("secret", "****"))
    assert masked == "3 rows of ****, old runs"
    assert masked.told(chinese) == "****, 旧的运行：3 行"


def test_nothing_put_together_is_nothing() -> None:
    assert joined(", ", ()).told(lambda message: message or "the head of a catalogue") == ""
