"""Real workers to be killed: a process that is set up once and forks a worker for every line it reads.

Started by the tests as `python -m bookbill.work.tests.worker_farm`. The environment names the database as JSON.
"""

import json
import os
import sys
import time

import django


def main() -> None:
    django.setup()
    from django.db import connections

    where = json.loads(os.environ["WORKER_FARM_DATABASE"])
    connections["default"].settings_dict.update(where, CONN_MAX_AGE=None)
    workers: set[int] = set()
    try:
        for line in sys.stdin:
            command, _, argument = line.strip().partition(" ")
            if command == "start":
                pid = os.fork()
                if pid == 0:
                    work()
                workers.add(pid)
                answer = str(pid)
            else:
                answer = str(os.waitstatus_to_exitcode(os.waitpid(int(argument), 0)[1]))
                workers.discard(int(argument))
            sys.stdout.write(answer + "\n")
            sys.stdout.flush()
    finally:
        for pid in workers:
            os.kill(pid, 9)


def work() -> None:
    """A worker's whole life, in the forked process."""
    from django.db import connection

    from bookbill.work import registry
    from bookbill.work.registry import JobView
    from bookbill.work.worker import run_worker, stop_on_signals

    def leave_a_mark(job: JobView) -> None:
        time.sleep(0.003)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO marks (job) VALUES (%s)", [str(job.id)])

    def take_long(job: JobView) -> None:
        leave_a_mark(job)
        time.sleep(0.8)

    for table in (registry.KINDS, registry.LOOPS, registry.SCHEDULES):
        table.clear()
    registry.register("mark", leave_a_mark, database_only=True, lease_seconds=1)
    registry.register("take long", take_long, database_only=False, lease_seconds=1)
    status = 1
    try:
        run_worker(stop_on_signals())
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
