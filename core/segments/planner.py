"""What a campaign would bring in each segment: plain arithmetic on what the marketer expects, no forecast."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import UserError
from core.segments.segmentation import Segment

ORDER_VALUE = "avg_order_value"


class ImpossibleCampaignError(UserError):
    """A cost, an uplift or a margin that no campaign can have."""

    code = "impossible-campaign"


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is expected of a campaign.

    ImpossibleCampaignError for a negative cost, and for a share that is not from 0 to 1.
    """

    cost: float  # of contacting one customer, in the currency of the file
    uplift: float  # share of those contacted who place one order more because of it, 0 to 1
    margin: float  # share of an order's value that is left after its own costs, 0 to 1

    def __post_init__(self) -> None:
        if not (math.isfinite(self.cost) and self.cost >= 0):
            raise ImpossibleCampaignError(f"A contact cannot cost {self.cost}.", hint="Give a cost of 0 or more.")
        for what, share in (("uplift", self.uplift), ("margin", self.margin)):
            if not 0 <= share <= 1:
                raise ImpossibleCampaignError(
                    f"The {what} cannot be {share:.0%}.", hint="Give a share from 0% to 100%."
                )


EXAMPLE = Campaign(cost=0.3, uplift=0.02, margin=0.4)
"""Something to begin with, of no particular shop."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a campaign would bring in one segment, if it turns out as expected. Money in the file's currency."""

    segment: Segment
    campaign: Campaign
    order_value: float | None  # mean over the segment's customers; None where it is not known

    @property
    def cost(self) -> float:
        """Of contacting everyone in the segment."""
        return self.segment.customers * self.campaign.cost

    @property
    def extra_orders(self) -> float:
        """Orders that would not be placed without the campaign."""
        return self.segment.customers * self.campaign.uplift

    @property
    def gain(self) -> float | None:
        """What one extra order leaves."""
        return None if self.order_value is None else self.order_value * self.campaign.margin

    @property
    def profit(self) -> float | None:
        """Customers x (uplift x order value x margin - cost); None without an order value."""
        return None if self.gain is None else self.extra_orders * self.gain - self.cost

    @property
    def smallest_uplift(self) -> float | None:
        """Cost / (order value x margin): at this uplift the campaign pays for itself.

        0 where a contact costs nothing. None where no uplift up to everyone would do, and without an order value.
        """
        if self.gain is None or self.gain <= 0:
            return None
        needed = self.campaign.cost / self.gain
        return needed if needed <= 1 else None

    @property
    def pays(self) -> bool:
        return self.profit is not None and self.profit > 0


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """A campaign in every segment."""

    outlooks: tuple[Outlook, ...]  # in the order of the segments

    @property
    def profit_of_all(self) -> float:
        """Of a campaign to everyone in a segment whose order value is known."""
        return math.fsum(each.profit for each in self.outlooks if each.profit is not None)

    @property
    def worthwhile(self) -> tuple[Outlook, ...]:
        """The segments where it pays."""
        return tuple(each for each in self.outlooks if each.pays)

    @property
    def profit_of_worthwhile(self) -> float:
        return math.fsum(each.profit for each in self.worthwhile if each.profit is not None)


def plan_campaign(segments: Iterable[Segment], campaign: Campaign) -> CampaignPlan:
    """What a campaign would bring in each segment.

    Parameters
    ----------
    segments : each with its mean of avg_order_value, where the file tells it

    Notes
    -----
    Whoever answers is any customer of the segment, equally likely, and places one order of her own average value. So
    the mean over customers is the value to expect of an extra order; the segment's revenue divided by its orders would
    count those who order often several times. What the extra order moves forward from later, and what the customer
    buys after it, is left out. The uplift is the difference to a group that was not contacted, not the rate of orders
    after the contact: many would have ordered anyway.
    """
    return CampaignPlan(tuple(Outlook(segment, campaign, _order_value(segment)) for segment in segments))


def _order_value(segment: Segment) -> float | None:
    value = segment.center.get(ORDER_VALUE, math.nan)
    return value if math.isfinite(value) else None
