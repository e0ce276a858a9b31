"""How tests without a browser go through the pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from streamlit.testing.v1 import AppTest

from core.errors import UserError
from tests.browser.driving import PROJECT
from ui import files, navigation
from ui.navigation import Step
from ui.session import Workspace

HEADINGS = {
    navigation.UPLOAD: ["What was understood", "What is used, and what is not", "What the orders show"],
    navigation.FEATURES: [
        "The features in use",
        "Before and after preparation",
        "Do two features say the same?",
        "Unusual customers",
    ],
    navigation.CHOOSE_K: ["How the segments split"],
    navigation.EXPLORE: [
        "The segments",
        "What would a campaign bring?",
        "Side by side",
        "What sets them apart",
        "What they buy",
        "Against the classic RFM groups",
        "Rules to rebuild them",
        "Any two features",
        "The customers of one segment",
    ],
    navigation.COMPARE: ["Who moved"],
    navigation.DOWNLOAD: [
        "A list for each segment",
        "Lists for ad and email platforms",
        "Everything about the segments",
        "To show, and to use again",
    ],
}
HOSTILE = (
    "<script>alert(1)</script> **bold** :red[red] $x$ [link](http://example.com) www.example.com a@example.com 🦄 مرحبا"
)
WORK = ("job", "naming", "checking")


def visit(app: AppTest, step: Step) -> AppTest:
    app.switch_page(step.script)
    before = [job for job in (getattr(workspace(app), work) for work in WORK) if job is not None and not job.running]
    return finished(app.run(), before)


def finished(app: AppTest, before: Sequence[object] = ()) -> AppTest:
    """The page once its sweep is done and checked; a test has no browser that would ask for it again and again.

    What was done before the page was drawn is on it. What became done meanwhile may be or not.
    """
    for work in WORK:
        job = getattr(workspace(app), work)
        if job is not None and job not in before:
            with suppress(UserError):  # for the page to show
                job.result()
            app.run()
    return app


def workspace(app: AppTest) -> Workspace:
    found: Workspace = app.session_state["workspace"]
    return found


def with_file(app: AppTest, name: str, content: bytes) -> AppTest:
    """Hand in a file on the Upload page, as a browser does."""
    app.switch_page(navigation.UPLOAD.script)
    app.run()
    app.file_uploader[0].set_value([(name, content, "text/csv")])
    return app.run()


def with_sample(app: AppTest) -> AppTest:
    app.switch_page(navigation.UPLOAD.script)
    app.run()
    return app.button(key=f"sample {files.SAMPLES[0].label}").click().run()


def texts(app: AppTest) -> str:
    """Whatever Streamlit would read as Markdown on the page."""
    kinds = (app.markdown, app.caption, app.error, app.info, app.warning, app.success, app.header, app.subheader)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def visitor() -> Iterator[AppTest]:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60).run()
    yield app
    workspace(app).forget()
