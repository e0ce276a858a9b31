"""Choose how many segments there should be."""

from ui import choosing, navigation, services
from ui.frame import explained, next_step, open_page

workspace = open_page(navigation.CHOOSE_K)

with explained():
    services.sweep_job(workspace)
    choosing.limits(workspace)
    choosing.curves(workspace)
next_step(navigation.CHOOSE_K)
