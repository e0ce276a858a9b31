"""The pages, in the order in which a marketer goes through them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the stepper."""

    number: int
    title: str
    script: str  # beside app.py
    purpose: str  # one line under the title
    needs_orders: bool = True

    @property
    def label(self) -> str:
        return f"{self.number}. {self.title}"


UPLOAD = Step(
    1,
    "Upload",
    "pages/upload.py",
    "Bring a file of orders, or of customers, and see how it was understood.",
    needs_orders=False,
)
FEATURES = Step(2, "Features", "pages/features.py", "Choose what customers are compared by.")
CHOOSE_K = Step(3, "Choose k", "pages/choose_k.py", "Choose how many segments there should be.")
EXPLORE = Step(4, "Explore", "pages/explore.py", "Meet each segment: who they are, what they bring, what to do.")
COMPARE = Step(5, "Compare", "pages/compare.py", "See what one segmentation has that another has not.")
DOWNLOAD = Step(6, "Download", "pages/download.py", "Take the lists, the tables and the report with you.")

STEPS = (UPLOAD, FEATURES, CHOOSE_K, EXPLORE, COMPARE, DOWNLOAD)
