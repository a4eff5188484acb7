"""What is seen at a glance to keep a contract keeps it, as pandera has it, too; and nothing else passes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.errors
import pytest

from pipelines.contracts import Check, Column, Contract, surely_keeps, surely_within

NUMBERS = [-np.inf, -1e13, -1.0, -0.0, 0.0, 1e-300, 0.5, 1.0, 1.5, 2.0, 3650.0, 1e12, 1.1e12, np.inf, np.nan]
DAYS = ["1700-01-01", "1900-01-01", "1900-01-02", "2024-02-29", "2199-12-31", "2200-01-01", None]
CHECKS = {
    "at most": (Check("less_than_or_equal_to", high=1e12),),
    "at least": (Check("greater_than_or_equal_to", low=0.0),),
    "above": (Check("greater_than", low=0.0),),
    "a share": (Check("in_range", 0, 1, include_low=False, include_high=False),),
    "whole": (Check("in_range", 1, 3650), Check("whole_number")),
    "both": (Check("less_than_or_equal_to", high=2.0), Check("greater_than", low=0.5)),
}


def keeps_by_pandera(column: Column, values: pd.Series) -> bool:
    try:
        Contract("t", "", None, {"x": column}).for_pandera(["x"]).validate(values.to_frame("x"), lazy=True)
    except pandera.errors.SchemaErrors:
        return False
    return True


@pytest.mark.parametrize("nullable", [True, False])
@pytest.mark.parametrize("name", CHECKS)
def test_a_number_is_within_limits_as_pandera_has_it(name: str, nullable: bool) -> None:
    column = Column("number", "", nullable=nullable, checks=CHECKS[name])
    for number in NUMBERS:
        values = pd.Series([0.75 if name == "a share" else 2.0, number])
        assert surely_within(column, values) == keeps_by_pandera(column, values), number


@pytest.mark.parametrize("nullable", [True, False])
def test_a_day_is_within_limits_as_pandera_has_it(nullable: bool) -> None:
    column = Column("date", "", nullable=nullable, checks=(Check("in_range", "1900-01-02", "2199-12-31"),))
    found = [surely_within(column, pd.Series(pd.to_datetime([day])).astype("datetime64[ns]")) for day in DAYS]
    assert found == [keeps_by_pandera(column, pd.Series([day], dtype="datetime64[ns]")) for day in DAYS]
    assert found == [False, False, True, True, True, False, nullable]


def test_a_repeated_key_breaks_a_contract() -> None:
    contract = Contract("t", "", ["x", "y"], {"x": Column("identifier", ""), "y": Column("identifier", "")})
    frame = pd.DataFrame({"x": ["a", "a"], "y": ["1", "2"]}, dtype=object)
    for names, kept in ((["x", "y"], True), (["x"], False)):
        assert surely_keeps(contract, frame[names]) == kept
        try:
            contract.for_pandera(names).validate(frame[names])
            assert kept
        except pandera.errors.SchemaError:
            assert not kept
