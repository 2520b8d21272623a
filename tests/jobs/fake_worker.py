"""A worker on the fake pipeline, in a process of its own: python -m tests.jobs.fake_worker PROCESSES."""

import sys

import django

if __name__ == "__main__":
    django.setup()
    from onrecord.jobs.worker import Worker

    Worker(processes=int(sys.argv[1])).run()
