"""What a campaign would bring, by what the marketer expects of it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from charts import theme
from core.segments.planner import CampaignPlan, plan_campaign
from core.segments.segmentation import Segmentation
from ui import tables, widgets
from ui.session import Workspace
from ui.widgets import plain


@st.fragment
def campaign(workspace: Workspace, segmentation: Segmentation) -> None:
    """Cost, uplift and margin, and what follows from them for each segment; a change redraws this part alone."""
    currency = segmentation.features.currency
    st.caption(
        "Put in your own figures: those here at first are only examples. The uplift is the share of those contacted "
        "who place one order more *because of it*, over what the same people would have ordered anyway. You learn it "
        "by leaving some of them out."
    )
    _expected(workspace, currency)
    found = plan_campaign(segmentation.segments, workspace.campaign)
    if all(each.order_value is None for each in found.outlooks):
        st.caption("This file tells of no order's value, so the cost is all that can be said.")
    else:
        st.markdown(plain(_in_words(found, currency)))
    widgets.frame(tables.campaign(found, currency), "Cost, expected profit and smallest uplift that pays, by segment.")
    st.caption(
        "Expected profit = customers × (uplift × average order × margin − cost of a contact). What they buy after that "
        "order is not counted."
    )


def _expected(workspace: Workspace, currency: str | None) -> None:
    current = workspace.campaign
    left, middle, right = st.columns(3)
    with left:
        st.number_input(
            f"Cost of one contact ({currency})" if currency else "Cost of one contact",
            0.0,
            step=0.1,
            format="%.2f",
            help="Printing, postage, a call, an ad; the voucher too, where everyone gets one.",
            **widgets.bound(workspace, "campaign cost", current.cost, lambda cost: _expect(workspace, cost=cost)),
        )
    with middle:
        st.number_input(
            "Expected uplift, in percent",
            0.0,
            100.0,
            step=0.5,
            format="%.1f",
            help="Of all who are contacted.",
            **widgets.bound(
                workspace,
                "campaign uplift",
                round(100 * current.uplift, 9),  # 0.035 * 100 is a little more than 3.5
                lambda percent: _expect(workspace, uplift=percent / 100),
            ),
        )
    with right:
        st.number_input(
            "Margin, in percent of revenue",
            0.0,
            100.0,
            step=0.5,
            format="%.1f",
            help="What an order leaves after the goods and the delivery.",
            **widgets.bound(
                workspace,
                "campaign margin",
                round(100 * current.margin, 9),
                lambda percent: _expect(workspace, margin=percent / 100),
            ),
        )


def _expect(workspace: Workspace, **changes: float) -> None:
    workspace.campaign = replace(workspace.campaign, **changes)


def _in_words(found: CampaignPlan, currency: str | None) -> str:
    """To whom to write, and what it brings."""
    everyone = _brings(found.profit_of_all, currency)
    known = [each for each in found.outlooks if each.order_value is not None]
    if not found.worthwhile:
        return f"At these figures it pays in no segment; to contact everyone would {everyone}."
    if len(found.worthwhile) == len(known):
        where = "every segment" if len(known) == len(found.outlooks) else "every segment whose orders are known"
        return f"At these figures it pays in {where}: it would {everyone}."
    names = ", ".join(f"“{each.segment.name}”" for each in found.worthwhile)
    part = _brings(found.profit_of_worthwhile, currency)
    return f"At these figures it pays in {names}: it would {part}. To contact everyone would {everyone}."


def _brings(profit: float, currency: str | None) -> str:
    return f"{'bring' if profit >= 0 else 'lose'} {theme.money(abs(profit), currency)}"
