"""The pieces of the Download page for who gets a message: the control group, lists for platforms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from charts import theme
from core.exports.audiences import BY_KEY, REASONS, Audience, csv_parts
from core.exports.control import MOST_SHARE
from core.exports.countries import names as countries
from core.exports.csv_files import csv_bytes
from core.exports.lists import list_name
from core.segments.segmentation import Segmentation
from ui import taking, widgets
from ui.session import Workspace
from ui.widgets import plain


def control_group(workspace: Workspace, segmentation: Segmentation) -> None:
    """How many to send nothing, so that a campaign can be measured."""
    st.number_input(
        "Control group, in percent of each segment",
        0,
        round(100 * MOST_SHARE),
        step=5,
        help="Drawn at random. Send them nothing, and compare what they buy with what the others buy: the difference "
        "is what the campaign did. 10% is usual; 0 is none.",
        **widgets.bound(
            workspace,
            "control share",
            round(100 * workspace.wanted.control_share),
            lambda percent: _want(workspace, control_share=percent / 100),
        ),
    )
    drawn = taking.control(workspace)
    if drawn is not None:
        st.caption(
            f"{drawn.customers:,} of {len(segmentation.assignments):,} customers are in it. The lists say so in their "
            "last column, control_group; lists for platforms leave them out."
        )


def for_platform(workspace: Workspace, segmentation: Segmentation) -> None:
    """Choose a platform; then who is on its lists, who is left out and why, and the lists."""
    left, right = st.columns(2)
    known = workspace.wanted
    labels = {"": "Choose a platform"} | {key: platform.label for key, platform in BY_KEY.items()}
    with left:
        key = widgets.pick(
            workspace,
            "platform",
            "Platform",
            list(labels),
            known.platforms[0] if known.platforms else "",
            lambda key: _want(workspace, platforms=(key,) if key else ()),
            labels,
        )
    nations = {"": "Choose a country"} | dict(countries())
    with right:
        widgets.pick(
            workspace,
            "country of phones",
            "Country of phones without a country code",
            list(nations),
            known.country or "",
            lambda country: _want(workspace, country=country or None),
            nations,
            help="Also of people whose country the file does not tell.",
        )
    if not key:
        st.caption("The files that each platform takes as they are, hashed where it wants that. Made once you choose.")
        return
    if "consent" in segmentation.features.contacts.columns:
        st.checkbox(
            "List also those who did not agree to marketing",
            help="Only where you have everyone's consent from elsewhere.",
            **widgets.bound(
                workspace,
                "regardless of consent",
                known.regardless_of_consent,
                lambda regardless: _want(workspace, regardless_of_consent=regardless),
            ),
        )
    with st.spinner("Bringing the contacts to one form …"):
        made = taking.audiences(workspace, BY_KEY[key])
    _accounts(made)
    _held_out(workspace, made)
    _lists(workspace, segmentation, made)


def _want(workspace: Workspace, **changes: Any) -> None:
    workspace.wanted = replace(workspace.wanted, **changes)


def _accounts(made: Sequence[Audience]) -> None:
    """Who is on each list, and who is left out and why."""
    told = [reason for reason in REASONS if any(audience.left_out[reason] for audience in made)]
    # A row a reason: there are few segments, and what a reason says is too long to stand above a number.
    columns = {
        str(each.segment): [each.customers, len(each.rows), *(each.left_out[reason] for reason in told)]
        for each in made
    }
    whom = ["Customers", "On the list", *(f"Left out: {REASONS[reason]}" for reason in told)]
    widgets.frame(
        pd.DataFrame({"whom": whom, **columns}),
        "For each segment its customers, how many are on the list, and how many are left out for each reason.",
        {"whom": "", **{str(each.segment): f"{each.segment}. {each.segment_name}" for each in made}},
    )
    by_warning: dict[str, list[str]] = {}
    for each in made:
        for warning in each.warnings:
            by_warning.setdefault(warning, []).append(str(each.segment))
    for warning, numbers in by_warning.items():
        whose = "" if len(numbers) == len(made) else f"Segment {', '.join(numbers)}: "
        st.warning(plain(whose + warning), icon=":material/warning:")


def _held_out(workspace: Workspace, made: Sequence[Audience]) -> None:
    """Why the table counts fewer as held out than there are in the control group."""
    drawn, others = taking.control(workspace), taking.not_reached_anyway(workspace)
    if drawn is None or not others:
        return
    counted = sum(each.left_out["control-group"] for each in made)
    told = (
        f"Of the {drawn.customers:,} in the control group {counted:,} are counted as held out here: the other "
        f"{others:,} did not agree to marketing, or the file does not say that they did, and would get nothing anyway."
    )
    if counted + others != drawn.customers:
        told += " Whoever is the same person as one of them is counted with them."
    st.caption(told)


def _lists(workspace: Workspace, segmentation: Segmentation, made: Sequence[Audience]) -> None:
    platform = made[0].platform
    with st.container(horizontal=True):
        for audience, segment in zip(made, segmentation.segments, strict=True):
            if len(audience.rows) and not audience.may_be_parted:
                st.download_button(
                    plain(f"{platform.label}: {theme.label(segment)} (CSV)"),
                    lambda audience=audience: csv_parts(audience)[0],
                    file_name=f"{platform.key}-{list_name(segment)}",
                    mime="text/csv",
                    key=f"{platform.key} list {segment.number} of {segmentation.n_segments}",
                    on_click="ignore",
                )
        st.download_button(
            plain(f"{platform.label}: all lists (zip)"),
            lambda: taking.audience_zip(workspace, platform),
            file_name=f"{platform.key}.zip",
            mime="application/zip",
            help="With an account of who is left out, and the contacts to check.",
            type="primary",
            on_click="ignore",
        )
        to_check = taking.people(workspace).to_check
        if len(to_check):
            st.download_button(
                f"Contacts to check: {len(to_check):,} (CSV)",
                lambda: csv_bytes(to_check),
                file_name="contacts_to_check.csv",
                mime="text/csv",
                help="Emails, phones and countries that can't be right, or may not be, each with the reason.",
                on_click="ignore",
            )
