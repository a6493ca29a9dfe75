"""The conditions under which the demo fails."""

import pytest

from voicelab.demo.run import faults_of, remarks_on


def style(*, start=(0.7, 80.0), evolved=(0.8, 84.0), checks=(), worse=()):
    def of(figures):
        return {"score": dict(zip(("target", "total"), figures, strict=True))}

    made = [{"name": name, "passed": passed, "reason": name} for name, passed in checks]
    passed = all(passed for _, passed in checks)
    sides = {"start": of(start), "evolved": of(evolved)}
    return {**sides, "checks": made, "passed": passed, "worse": list(worse)}


def report(differ=True, **styles):
    return {"styles": styles, "differentiation": {"passed": differ}}


def test_better_passed_and_synthesized_is_success():
    found = faults_of(report(neutral=style(checks=[("x", True)])), answered={"neutral"})
    assert found == []


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"evolved": (0.69, 84.0)}, "similarity to its speaker is not better"),
        ({"evolved": (0.7, 84.0)}, "similarity to its speaker is not better"),
        ({"evolved": (0.8, 79.9)}, "score is not better"),
        ({"checks": [("naturalness fell", False)]}, "naturalness fell"),
        ({"worse": ["second_measure"]}, "no search uses finds it less similar"),
        ({"worse": ["naturalness"]}, "less natural than the start; not deployed"),
    ],
)
def test_each_style_that_is_not_better_or_failed_is_named(made, message):
    found = faults_of(
        report(neutral=style(), empatico=style(**made)), answered={"neutral", "empatico"}
    )
    assert len(found) == 1
    assert found[0].startswith("empatico: ")
    assert message in found[0]


def by_the_second_encoder(*, one_sentence_decides, **made):
    measured = {"start": {"mean": 0.584}, "evolved": {"mean": 0.582}}
    measured["one_sentence_decides"] = one_sentence_decides
    return style(worse=["second_measure"], **made) | {"second_measure": measured}


def test_a_loss_that_one_sentence_decides_is_told_and_no_fault():
    found = report(neutral=style(), empatico=by_the_second_encoder(one_sentence_decides=True))
    assert faults_of(found, answered={"neutral", "empatico"}) == []
    (remark,) = remarks_on(found)
    assert remark.startswith("empatico: ")
    assert "0.584 → 0.582" in remark
    assert len(faults_of(found, answered={"neutral"})) == 1  # it is to be deployed


def test_nothing_is_said_to_be_approved_if_the_styles_do_not_differ():
    found = report(differ=False, neutral=by_the_second_encoder(one_sentence_decides=True))
    assert remarks_on(found) == []
    assert faults_of(found, answered=set()) == ["The styles do not differ enough; see the report."]


def test_a_loss_of_every_sentence_or_with_a_failed_check_is_a_fault():
    sure = report(neutral=by_the_second_encoder(one_sentence_decides=False))
    assert "not deployed" in faults_of(sure, answered=set())[0]
    failed = by_the_second_encoder(one_sentence_decides=True, checks=[("naturalness fell", False)])
    assert len(faults_of(report(neutral=failed), answered=set())) == 2
    assert remarks_on(sure) == remarks_on(report(neutral=failed)) == []


def test_similar_styles_are_a_fault_and_none_of_them_is_deployed():
    found = faults_of(report(differ=False, neutral=style(), amable=style()), answered=set())
    assert found == ["The styles do not differ enough; see the report."]


def test_a_deployed_voice_that_does_not_answer_is_a_fault():
    found = faults_of(report(neutral=style(), amable=style()), answered={"amable"})
    assert [one.split(":")[0] for one in found] == ["neutral"]
