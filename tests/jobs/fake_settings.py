"""Settings of the processes that run the fake pipeline: this room alone."""

from onrecord.settings import *  # noqa: F403
from onrecord.settings import INSTALLED_APPS

INSTALLED_APPS = [app for app in INSTALLED_APPS if app == "onrecord.jobs" or app.startswith("procrastinate")]
STEP_MODULES = ["tests.jobs.fake_steps"]
