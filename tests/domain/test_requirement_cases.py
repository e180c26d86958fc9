"""The grammar against `requirement_cases.json`, the table that the panel's own grammar is held to as well.

`lists` are cases of one list: its `lines` give the `accepted` requirements in their shortest form and the `errors`, for
each of the `managers`. `pairs` are both lists of an environment: nothing is accepted as long as there is an error.
Lengths count characters, so that one outside of the basic plane is one; halves of surrogate pairs stand as `\\ud800`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from jupyter_dataflow_envs.domain.errors import InvalidSpec
from jupyter_dataflow_envs.domain.requirement import FIELDS, parse_pair, parse_requirements

CASES: dict[str, list[dict[str, Any]]] = json.loads(Path(__file__).with_name("requirement_cases.json").read_text())


def _name(case: dict[str, Any]) -> str:
    return ascii(case["about"] + ": " + " | ".join(case.get("lines", [])))[1:60]


@pytest.mark.parametrize("case", CASES["lists"], ids=_name)
def test_one_list(case: dict[str, Any]) -> None:
    for manager in case["managers"]:
        found, errors = parse_requirements(case["lines"], manager, extended=case["extended"])
        assert [requirement.text for requirement in found] == case["accepted"]
        assert [asdict(error) for error in errors] == [{"field": FIELDS[manager], **e} for e in case["errors"]]


@pytest.mark.parametrize("case", CASES["pairs"], ids=_name)
def test_both_lists(case: dict[str, Any]) -> None:
    if case["errors"]:
        with pytest.raises(InvalidSpec) as refusal:
            parse_pair(case["conda"], case["pip"], extended=case["extended"])
        assert [asdict(error) for error in refusal.value.errors] == case["errors"]
    else:
        conda, pip = parse_pair(case["conda"], case["pip"], extended=case["extended"])
        assert {"conda": [r.text for r in conda], "pip": [r.text for r in pip]} == case["accepted"]


def test_no_case_twice() -> None:
    told = [(m, c["extended"], *c["lines"]) for c in CASES["lists"] for m in c["managers"]]
    assert len(set(told)) == len(told)
